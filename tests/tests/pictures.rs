//! The pictures of docs/types.md: a history of two replicas for each type, performed with the type
//! itself, read as its specification says, and drawn.
//!
//! Drawing, words and readings come from one table, so that they say the same. To add a picture, add
//! it to [`pictures`], run once with `REJOIN_BLESS=1`, which writes the files again, and put the line
//! that the other test asks for on the page.

use std::fmt::{Debug, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use rejoin_crdts::laws::{Event, Execution};
use rejoin_crdts::spec::{
    Add, BoundedCounterModel, BoundedOp, BoundedValue, CounterOp, DocumentModel, DocumentOp,
    DocumentStep, DwFlagModel, EwFlagModel, FieldOp, FlagOp, GCounterModel, GSetModel, LwwMapModel,
    LwwMapOp, LwwRegisterModel, MapOp, MvRegisterModel, OrMapModel, OrSetModel, PnCounterModel,
    ResettableCounterModel, ResettableOp, RwSetModel, SequenceModel, SequenceOp, SetOp, TwoPhaseOp,
    TwoPhaseSetModel, Write,
};
use rejoin_crdts::{Delivery, Model, OpSet};

use Moment::{At1, At2, Both, Exchange, Read, To1, To2};

/// What happens next, from left to right.
enum Moment<Op> {
    /// An operation at r1; here and below with the time that its wall clock shows.
    At1(Op, u64),
    /// An operation at r2.
    At2(Op, u64),
    /// One at each.
    Both(Op, Op),
    /// r1 merges what r2 has.
    To1,
    /// r2 merges what r1 has.
    To2,
    /// Both of them do.
    Exchange,
    /// Both are read.
    Read,
}

struct Picture {
    name: &'static str,
    words: String,
    svg: String,
}

impl Picture {
    /// Performs a history from nothing, and draws it. A reading is shown as `show` writes it.
    fn new<M: Model>(
        name: &'static str,
        model: &M,
        moments: impl IntoIterator<Item = Moment<M::Op>>,
        show: impl Fn(&M::Value) -> String,
    ) -> Self {
        let mut run = Execution::new(model, 2);
        let mut known = [OpSet::new(), OpSet::new()];
        let mut drawing = Drawing::default();
        let mut words = Vec::new();
        for moment in moments {
            let acts = match moment {
                At1(op, clock_ms) => vec![(0, op, clock_ms)],
                At2(op, clock_ms) => vec![(1, op, clock_ms)],
                Both(one, other) => vec![(0, one, 0), (1, other, 0)],
                Read => {
                    let read = [0, 1].map(|at| show(&reading(&run, &known[at])));
                    assert!(known[0] != known[1] || read[0] == read[1], "{name}: they disagree");
                    words.push(match &read {
                        [one, other] if one == other => format!("Both read {one}."),
                        [one, other] => format!("r1 reads {one}, r2 reads {other}."),
                    });
                    drawing.column(read.map(|read| Some((Mark::Read, format!("reads {read}")))));
                    continue;
                }
                To1 | To2 | Exchange => {
                    let before = known.clone();
                    let merges = [!matches!(moment, To2), !matches!(moment, To1)];
                    for at in [0, 1].into_iter().filter(|&at| merges[at]) {
                        known[at].union_with(&before[1 - at]);
                    }
                    words.push(match merges {
                        [true, true] => "They merge.".to_owned(),
                        [true, false] => "r1 merges what r2 has.".to_owned(),
                        _ => "r2 merges what r1 has.".to_owned(),
                    });
                    drawing.merge(merges);
                    continue;
                }
            };
            let mut column = [None, None];
            let mut said = Vec::new();
            let unaware = acts.iter().all(|&(at, ..)| known[at] != run.history().all());
            for (at, op, clock_ms) in acts {
                let event = Event { replica: at, op, sees: known[at].clone(), clock_ms };
                let mut label = format!("{:?}", event.op);
                let mark = match run.step(&event) {
                    Some(index) => {
                        known[at].insert(index);
                        if model.delivery() == Delivery::Any {
                            let stamp = run.history().at(index).stamp; // which the type looks at
                            let _ = write!(label, " at {} ms", stamp.wall_ms());
                        }
                        Mark::Done
                    }
                    None => {
                        label += ": refused";
                        Mark::Refused
                    }
                };
                said.push(format!("r{}: {label}", at + 1));
                column[at] = Some((mark, label));
            }
            let first = if unaware { "Meanwhile " } else { "" };
            words.push(format!("{first}{}.", said.join("; meanwhile ")));
            drawing.column(column);
        }
        let words = words.join(" ");
        let svg = drawing.svg(&words);
        Self { name, words, svg }
    }

    /// How the page shows it.
    fn line(&self) -> String {
        format!("![{}](img/{}.svg)", self.words.replace('[', "\\[").replace(']', "\\]"), self.name)
    }
}

/// What is read where `known` is visible, which has to be what the specification says.
fn reading<M: Model>(run: &Execution<'_, M>, known: &OpSet) -> M::Value {
    let value = run.model().read(&run.state(known));
    let said = run.model().admits(&run.history().view(known), &value);
    assert_eq!(said, Ok(()));
    value
}

fn debug<V: Debug>(value: &V) -> String {
    format!("{value:?}")
}

#[derive(Clone, Copy)]
enum Mark {
    Done,
    Refused,
    Read,
}

/// Two lines from left to right; above the first and below the second, what happens.
struct Drawing {
    x: u32,
    /// Where the last label ends, above and below.
    free: [u32; 2],
    shapes: String,
}

const LINES: [u32; 2] = [48, 112];
const LABELS: [u32; 2] = [30, 137];
const HEIGHT: u32 = 158;
const LEFT: u32 = 46;
/// An upper bound of how wide a character of the labels is.
const CHARACTER: u32 = 8;

impl Default for Drawing {
    fn default() -> Self {
        Self { x: LEFT, free: [LEFT, LEFT], shapes: String::new() }
    }
}

impl Drawing {
    fn column(&mut self, marks: [Option<(Mark, String)>; 2]) {
        let half = |label: &str| label.chars().count() as u32 * CHARACTER / 2;
        let room = |at: usize| match &marks[at] {
            Some((_, label)) => self.free[at] + 16 + half(label),
            None => 0,
        };
        self.x = (self.x + 28).max(room(0)).max(room(1));
        let x = self.x;
        for (at, mark) in marks.into_iter().enumerate() {
            let Some((mark, label)) = mark else { continue };
            let y = LINES[at];
            let (class, shape) = match mark {
                Mark::Done => ("op", format!("<circle cx='{x}' cy='{y}' r='6'/>")),
                Mark::Refused => {
                    let (l, r, t, b) = (x - 4, x + 4, y - 4, y + 4);
                    ("no", format!("<path d='M{l} {t}L{r} {b}M{l} {b}L{r} {t}'/>"))
                }
                Mark::Read => {
                    let (l, r, t, b) = (x - 7, x + 7, y - 7, y + 7);
                    ("read", format!("<path d='M{l} {y}L{x} {t}L{r} {y}L{x} {b}Z'/>"))
                }
            };
            self.free[at] = x + half(&label);
            let label = escaped(&label);
            let below = LABELS[at];
            let text = format!("<text x='{x}' y='{below}'>{label}</text>");
            let _ = writeln!(self.shapes, "<g class='{class}'>{shape}{text}</g>");
        }
    }

    fn merge(&mut self, merges: [bool; 2]) {
        let (from, to) = (self.x + 18, self.x + 66);
        for at in [0, 1].into_iter().filter(|&at| merges[at]) {
            let (start, end) = (LINES[1 - at], LINES[at]);
            // As long as the line ends before the other's stroke.
            let (start, end) = if start < end { (start, end - 2) } else { (start, end + 2) };
            let path = format!("M{from} {start}L{to} {end}");
            let _ =
                writeln!(self.shapes, "<path class='merge' marker-end='url(#tip)' d='{path}'/>");
        }
        self.x = to;
    }

    fn svg(&self, words: &str) -> String {
        let right = self.free[0].max(self.free[1]).max(self.x + 14);
        let width = right + 16;
        let lines: String = (0..2)
            .map(|at| {
                let (y, name) = (LINES[at], at + 1);
                let baseline = y + 4;
                format!(
                    "<text class='name' x='14' y='{baseline}'>r{name}</text>\
                     <path class='line' d='M{LEFT} {y}H{right}'/>\n"
                )
            })
            .collect();
        let (inner_width, inner_height) = (width - 1, HEIGHT - 1);
        format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {HEIGHT}' \
             width='{width}' height='{HEIGHT}' role='img'>\n\
             <title>{}</title>\n\
             <style>{STYLE}</style>\n\
             <marker id='tip' markerWidth='9' markerHeight='8' refX='8' refY='4' orient='auto'>\
             <path class='tip' d='M0 0L9 4L0 8Z'/></marker>\n\
             <rect class='page' x='.5' y='.5' width='{inner_width}' height='{inner_height}' rx='6'/>\n\
             {lines}{}</svg>\n",
            escaped(words),
            self.shapes
        )
    }
}

/// It brings its own background, so that it can be read on any.
const STYLE: &str = "
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;\
text-anchor:middle}
.name{font-weight:bold;text-anchor:start}
.page{fill:#fff;stroke:#d0d7de}.line{stroke:#8c959f;stroke-width:2}text{fill:#1f2328}
.op circle{fill:#0969da}.merge{stroke:#8250df;stroke-width:1.5;fill:none}.tip{fill:#8250df}
.read path{fill:#1a7f37}.read text{fill:#1a7f37;font-weight:bold}
.no path{stroke:#cf222e;stroke-width:3}.no text{fill:#cf222e}
@media(prefers-color-scheme:dark){
.page{fill:#0d1117;stroke:#30363d}.line{stroke:#8b949e}text{fill:#e6edf3}
.op circle{fill:#58a6ff}.merge{stroke:#bc8cff}.tip{fill:#bc8cff}
.read path,.read text{fill:#3fb950}
.no path{stroke:#ff7b72}.no text{fill:#ff7b72}}
";

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn pictures() -> Vec<Picture> {
    let named = |name: &str| name.to_owned();
    let add = |element| SetOp::Add(named(element));
    let remove = |element| SetOp::Remove(named(element));
    let nothing: [String; 0] = [];
    let field = |change| DocumentOp(vec![DocumentStep { path: Vec::new(), change }]);
    vec![
        Picture::new(
            "g-counter",
            &GCounterModel,
            [Both(CounterOp::Add(2), CounterOp::Add(3)), Read, Exchange, Read],
            debug,
        ),
        Picture::new(
            "pn-counter",
            &PnCounterModel,
            [
                At1(CounterOp::Add(1), 0),
                To2,
                Both(CounterOp::Take(1), CounterOp::Take(1)),
                Exchange,
                Read,
            ],
            debug,
        ),
        Picture::new(
            "bounded-counter",
            &BoundedCounterModel,
            [
                At1(BoundedOp::Grant(2), 0),
                At1(BoundedOp::Transfer { to: 2, amount: 1 }, 0),
                To2,
                Both(BoundedOp::Spend(1), BoundedOp::Spend(1)),
                At2(BoundedOp::Spend(1), 0),
                Exchange,
                Read,
            ],
            |read: &BoundedValue| read.value.to_string(),
        ),
        Picture::new(
            "resettable-counter",
            &ResettableCounterModel,
            [
                At1(ResettableOp::Add(5), 0),
                To2,
                Both(ResettableOp::Add(2), ResettableOp::Reset),
                Exchange,
                Read,
            ],
            debug,
        ),
        Picture::new(
            "sequence",
            &SequenceModel::new(nothing.clone()),
            [
                At1(SequenceOp::Insert(0, named("bread")), 0),
                To2,
                Both(SequenceOp::Insert(0, named("milk")), SequenceOp::Insert(0, named("tea"))),
                Exchange,
                Read,
            ],
            debug,
        ),
        Picture::new(
            "document",
            &DocumentModel,
            [
                Both(
                    field(FieldOp::Write(named("who"), "Ada".into())),
                    field(FieldOp::Add(named("who"), "Ben".into())),
                ),
                Exchange,
                Read,
            ],
            debug,
        ),
        Picture::new(
            "lww-register",
            &LwwRegisterModel::new(nothing.clone()),
            [At1(Write(named("Draft")), 12), At2(Write(named("Final")), 10), Exchange, Read],
            |read| read.clone().map_or_else(|| "nothing".into(), |read| debug(&read)),
        ),
        Picture::new(
            "mv-register",
            &MvRegisterModel::new(nothing.clone()),
            [
                Both(Write(named("tea")), Write(named("coffee"))),
                Exchange,
                Read,
                At1(Write(named("tea")), 0),
                To2,
                Read,
            ],
            debug,
        ),
        Picture::new(
            "ew-flag",
            &EwFlagModel,
            [At1(FlagOp::Enable, 0), To2, Both(FlagOp::Disable, FlagOp::Enable), Exchange, Read],
            debug,
        ),
        Picture::new(
            "dw-flag",
            &DwFlagModel,
            [At1(FlagOp::Enable, 0), To2, Both(FlagOp::Disable, FlagOp::Enable), Exchange, Read],
            debug,
        ),
        Picture::new(
            "g-set",
            &GSetModel::new(nothing.clone()),
            [Both(Add(named("apple")), Add(named("pear"))), Read, Exchange, Read],
            debug,
        ),
        Picture::new(
            "2p-set",
            &TwoPhaseSetModel::new(nothing.clone()),
            [
                At1(TwoPhaseOp::Add(named("s7")), 0),
                To2,
                Both(TwoPhaseOp::Remove(named("s7")), TwoPhaseOp::Add(named("s7"))),
                Exchange,
                At2(TwoPhaseOp::Add(named("s7")), 0),
                Read,
            ],
            debug,
        ),
        Picture::new(
            "or-set",
            &OrSetModel::new(nothing.clone()),
            [At1(add("apple"), 0), To2, Both(remove("apple"), add("apple")), Exchange, Read],
            debug,
        ),
        Picture::new(
            "rw-set",
            &RwSetModel::new(nothing.clone()),
            [
                At1(add("ada"), 0),
                To2,
                Both(remove("ada"), add("ada")),
                Exchange,
                Read,
                At2(add("ada"), 0),
                To1,
                Read,
            ],
            debug,
        ),
        Picture::new(
            "lww-map",
            &LwwMapModel::new(nothing.clone(), [0u8; 0]),
            [
                At1(LwwMapOp::Put(named("volume"), 7), 10),
                At2(LwwMapOp::Remove(named("volume")), 11),
                At2(LwwMapOp::Put(named("light"), 3), 12),
                Exchange,
                Read,
            ],
            debug,
        ),
        Picture::new(
            "or-map",
            &OrMapModel::new(nothing.clone(), OrSetModel::new(nothing)),
            [
                At1(MapOp::Update(named("fruit"), vec![add("apple")]), 0),
                To2,
                Both(
                    MapOp::Remove(named("fruit")),
                    MapOp::Update(named("fruit"), vec![add("pear")]),
                ),
                Exchange,
                Read,
            ],
            debug,
        ),
    ]
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs")
}

#[test]
fn pictures_are_what_happens() {
    let bless = env::var_os("REJOIN_BLESS").is_some();
    for Picture { name, svg, .. } in pictures() {
        let path = docs().join(format!("img/{name}.svg"));
        if bless {
            fs::write(&path, &svg).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).ok(), Some(svg), "{}", path.display());
    }
}

#[test]
fn the_page_shows_each_picture_and_says_the_same_in_words() {
    let page = fs::read_to_string(docs().join("types.md")).unwrap();
    let lines: Vec<String> = pictures().iter().map(Picture::line).collect();
    let shown = |line: &&String| page.lines().any(|shown| shown == *line);
    let missing: Vec<&str> = lines.iter().filter(|line| !shown(line)).map(String::as_str).collect();
    assert!(missing.is_empty(), "docs/types.md does not have\n{}", missing.join("\n"));
}
