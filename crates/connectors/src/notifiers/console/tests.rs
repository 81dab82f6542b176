use std::sync::mpsc;

use super::super::fixture::{FixedClock, notification};
use super::*;

/// An output that tests can read.
#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Screen {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

/// An output that takes nothing until the test lets go.
struct Stuck(mpsc::Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The test hangs up without a word.
        assert!(self.0.recv().is_err());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_notification_is_one_line_of_json() {
    let screen = Screen::default();
    let console = Console::new(Box::new(screen.clone()), Arc::new(FixedClock));
    console.deliver(&notification()).await.unwrap();
    console.deliver(&notification()).await.unwrap();
    let text = screen.text();
    assert_eq!(text.lines().count(), 2);
    let start = r#"{"time":"2026-11-23T09:00:00Z","level":"info","receiver":"soc/0","id":"00000000000000000000000007","subject":"2 alerts \"now\"","message":{"alerts":[{"id":"A1","#;
    assert!(text.starts_with(start), "{text}");
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(line["message"]["alerts"][1]["severity"], "high");
    assert_eq!(line["message"]["more"], 3);
    assert_eq!(console.info().kind, "console");
}

#[test]
fn nothing_that_a_terminal_obeys_gets_through() {
    let mut notification = notification();
    notification.subject = "a\u{1b}[2J\u{7f}\u{9b}31m\r\n\u{202e}\u{2028}b é".to_owned();
    let line = line(&notification, "now");
    let (text, end) = line.split_at(line.len() - 1);
    assert_eq!(end, "\n");
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(
        text.contains(r"a\u001b[2J\u007f\u009b31m\r\n\u202e\u2028b é"),
        "{text}"
    );
    let read: Value = serde_json::from_str(text).unwrap();
    assert_eq!(read["subject"], notification.subject);
}

#[test]
fn a_body_that_is_no_json_is_told_without_alerts() {
    let mut notification = notification();
    notification.body = b"oops".to_vec();
    let line = line(&notification, "now");
    assert!(
        line.ends_with("\"message\":{\"alerts\":[],\"more\":0}}\n"),
        "{line}"
    );
}

#[tokio::test]
async fn an_output_that_fails_or_hangs_is_tried_again_later() {
    let console = Console::new(Box::new(Broken), Arc::new(FixedClock));
    let error = console.deliver(&notification()).await.unwrap_err();
    let expected = PortError::transient("cannot write to the console: nobody reads");
    assert_eq!(error, expected);

    let (let_go, held) = mpsc::channel();
    let mut console = Console::new(Box::new(Stuck(held)), Arc::new(FixedClock));
    console.timeout = Duration::from_millis(20);
    for _ in 0..2 {
        let error = console.deliver(&notification()).await.unwrap_err();
        let expected = PortError::transient("the console took no line within 0 s");
        assert_eq!(error, expected);
    }
    drop(let_go);
}
