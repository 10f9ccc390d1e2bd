//! Keys, new sizes and signals, told to one listener.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// How long a listener that was dropped may still listen.
const ROUND: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Key(Key),
    Resized,
    /// A signal asks the program to end, or the terminal is gone.
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Char(char),
    Ctrl(char),
    Up,
    Down,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Backspace,
    Escape,
}

/// Dropped, it listens no more: keys that are pressed afterwards are for whoever reads next.
#[derive(Debug)]
pub struct Inputs {
    over: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    _signals: Signals,
}

/// Tells of every input until `tell` says that nobody wants to know. For an open `Terminal`.
pub fn listen(tell: impl Fn(Input) -> bool + Clone + Send + 'static) -> Inputs {
    let signals = signals(tell.clone());
    let over = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&over);
    let reader = std::thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) {
            let told = match event::poll(ROUND) {
                Ok(false) => true,
                Ok(true) => {
                    event::read().map_or_else(|_| end(&tell), |event| input(&event).is_none_or(&tell))
                }
                Err(_) => end(&tell),
            };
            if !told {
                return;
            }
        }
    });
    Inputs { over, reader: Some(reader), _signals: signals }
}

fn end(tell: &impl Fn(Input) -> bool) -> bool {
    tell(Input::Stop);
    false
}

impl Drop for Inputs {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

fn input(event: &Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => Some(Input::Key(pressed(key)?)),
        Event::Resize(..) => Some(Input::Resized),
        _ => None,
    }
}

fn pressed(key: &KeyEvent) -> Option<Key> {
    Some(match key.code {
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => {
            Key::Ctrl(c.to_ascii_lowercase())
        }
        KeyCode::Char(_) if key.modifiers.contains(KeyModifiers::ALT) => return None,
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Enter => Key::Enter,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Esc => Key::Escape,
        _ => return None,
    })
}

/// Dropped, signals to end are no longer told of, and do nothing: it is for the end of a program.
#[derive(Debug)]
pub struct Signals {
    #[cfg(unix)]
    handle: Option<signal_hook::iterator::Handle>,
}

/// Tells of the signals that ask a program to end, instead of ending it.
#[cfg(unix)]
pub fn signals(tell: impl Fn(Input) -> bool + Send + 'static) -> Signals {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let handle = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]).ok().map(|mut signals| {
        let handle = signals.handle();
        std::thread::spawn(move || signals.forever().all(|_| tell(Input::Stop)));
        handle
    });
    Signals { handle }
}

/// Elsewhere they end it.
#[cfg(not(unix))]
pub fn signals(_: impl Fn(Input) -> bool + Send + 'static) -> Signals {
    Signals {}
}

#[cfg(unix)]
impl Drop for Signals {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.close();
        }
    }
}
