//! Server-sent events (WHATWG HTML, section 9.2).

/// Longest event that is read.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// An event with its name and data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: String,
}

/// Splits the bytes of a stream into events.
#[derive(Default)]
pub(crate) struct EventParser {
    line: Vec<u8>,
    name: String,
    data: Option<String>,
    ended_with_return: bool,
}

impl EventParser {
    /// Reads bytes, and returns the events that they complete.
    ///
    /// # Errors
    /// An event is too long.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<Vec<Event>, String> {
        let mut events = Vec::new();
        for byte in bytes {
            let after_return = std::mem::replace(&mut self.ended_with_return, *byte == b'\r');
            match byte {
                // The second half of a line break.
                b'\n' if after_return => {}
                b'\n' | b'\r' => events.extend(self.end_line()),
                byte => self.line.push(*byte),
            }
            let held = self.line.len() + self.data.as_ref().map_or(0, String::len);
            if held > MAX_EVENT_BYTES {
                return Err("an event of more than 1 MiB".to_owned());
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            let data = self.data.take()?;
            return Some(Event { name: if name.is_empty() { "message".to_owned() } else { name }, data });
        }
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (field, &mut self.data) {
            ("event", _) => value.clone_into(&mut self.name),
            ("data", Some(data)) => {
                data.push('\n');
                data.push_str(value);
            }
            ("data", data) => *data = Some(value.to_owned()),
            // Comments, ids and the delay before a reconnection.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn events_are_read_however_the_stream_is_cut() {
        let stream = "retry: 2000\nid: 1\nevent: state\ndata: {\"a\":1}\n\n:\n\nevent: change\r\ndata: x\r\ndata:y\r\n\r\ndata\n\n";
        let event = |name: &str, data: &str| Event { name: name.to_owned(), data: data.to_owned() };
        let expected = [event("state", "{\"a\":1}"), event("change", "x\ny"), event("message", "")];
        for size in 1..=stream.len() {
            let mut parser = EventParser::default();
            let events: Vec<_> =
                stream.as_bytes().chunks(size).flat_map(|chunk| parser.read(chunk).expect("short events")).collect();
            assert_eq!(events, expected, "in pieces of {size}");
        }
        assert!(EventParser::default().read(&vec![b'x'; MAX_EVENT_BYTES + 1]).is_err());
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in any::<Vec<u8>>()) {
            let _ = EventParser::default().read(&bytes);
        }
    }
}
