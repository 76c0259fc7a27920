//! Ctrl-C, where there is something to be kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// What can ask a campaign to end before its end.
#[derive(Debug, Default)]
pub(crate) enum Interrupt {
    /// Nothing.
    #[default]
    Never,
    /// Whoever sets this.
    Flag(Arc<AtomicBool>),
    /// A signal to the process: Ctrl-C, or what a batch engine sends before it kills.
    Process,
}

/// Whether the campaign is to end, while there is one.
#[derive(Debug)]
pub(crate) struct Listening {
    asked: Arc<AtomicBool>,
    process: bool,
}

impl Interrupt {
    /// From now on the first request is only noted; a second signal kills at once, as every signal
    /// does that comes before or after.
    pub(crate) fn listen(&self) -> Listening {
        let asked = match self {
            Self::Flag(flag) => flag.clone(),
            Self::Never | Self::Process => Arc::default(),
        };
        let process = matches!(self, Self::Process);
        if process {
            for signal in [SIGINT, SIGTERM] {
                // In this order: the first signal sets what the second finds set. Where signals
                // cannot be had, they kill, as they do without us.
                let kills =
                    flag::register_conditional_shutdown(signal, 128 + signal, asked.clone());
                let _ = kills.and_then(|_| flag::register(signal, asked.clone()));
            }
        }
        Listening { asked, process }
    }
}

impl Listening {
    pub(crate) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if self.process {
            self.asked.store(true, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_heard_and_one_without_a_process_is_left_as_it_was() {
        let flag = Arc::new(AtomicBool::new(false));
        let listening = Interrupt::Flag(flag.clone()).listen();
        assert!(!listening.asked());
        flag.store(true, Ordering::Relaxed);
        assert!(listening.asked());
        flag.store(false, Ordering::Relaxed);
        drop(listening);
        assert!(!flag.load(Ordering::Relaxed));
        assert!(!Interrupt::Never.listen().asked());
    }
}
