//! Whole messages out of a stream of bytes, by the rules.

use std::ops::Range;

use fastwebsockets::{OpCode, unmask};

use super::header::Header;
use super::utf8::Utf8;
use super::{Violation, control};
use crate::protocol::framing::MAX_CLIENT_HEADER;

/// What a connection takes.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The longest message, all its fragments together, in bytes.
    pub max_message: usize,
    /// Which data frames are taken: only text (`Some(true)`), only binary (`Some(false)`), or both.
    pub only_text: Option<bool>,
}

/// A data message.
#[derive(Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Whether it came as text (UTF-8, checked); otherwise binary.
    pub text: bool,
    /// Its payload, unmasked.
    pub payload: &'a mut [u8],
}

/// What the guard found in the bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A whole data message.
    Message(Message<'a>),
    /// A ping to be answered with the same payload.
    Ping(&'a [u8]),
    /// A pong; its payload does not matter.
    Pong,
    /// The client closes, with this code when it gave one. Nothing after it counts.
    Close(Option<u16>),
}

/// Reads a client's side of one connection. Fed with whatever arrived, it hands out what is complete:
/// in place when it lies whole in the bytes fed, so that an idle or a well-behaved connection keeps
/// no buffer here.
#[derive(Debug)]
pub struct FrameDecoder {
    rules: Rules,
    /// The bytes of a header that is not whole.
    header: [u8; MAX_CLIENT_HEADER],
    header_length: u8,
    /// The frame whose payload is arriving, and how much of it has.
    frame: Option<(Header, usize)>,
    /// The data message that is not complete: whether it is text, and its cost so far.
    message: Option<(bool, usize)>,
    /// Payload of that message, so far.
    data: Vec<u8>,
    /// Payload of a control frame that is not complete. It may stand between a message's fragments.
    control: Vec<u8>,
    utf8: Utf8,
    /// What was handed out last lay in `data` or `control`, which are free from now on.
    handed_out: Option<OpCode>,
}

/// Where a complete payload lies.
enum Place {
    Input(Range<usize>),
    Held,
}

// === impl FrameDecoder ===

impl FrameDecoder {
    /// A guard at the beginning of a connection.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            header: [0; MAX_CLIENT_HEADER],
            header_length: 0,
            frame: None,
            message: None,
            data: Vec::new(),
            control: Vec::new(),
            utf8: Utf8::default(),
            handed_out: None,
        }
    }

    /// Takes bytes from `input[*at..]`, moving `at`, until something is complete. `None` when all
    /// is taken: go on with new input. After an error the connection is to be failed.
    pub fn next<'a>(&'a mut self, input: &'a mut [u8], at: &mut usize) -> Result<Option<Item<'a>>, Violation> {
        self.release();
        let (header, place) = loop {
            let Some((header, got)) = self.open_frame(input, at)? else { return Ok(None) };
            let end = input.len().min(*at + (header.length - got));
            let chunk = *at..end;
            *at = end;
            unmask_from(&mut input[chunk.clone()], header.mask, got);
            let whole = got + chunk.len() == header.length;
            self.frame = if whole { None } else { Some((header, got + chunk.len())) };
            let complete = if header.is_control() {
                self.take_control(input, chunk, whole)
            } else {
                self.take_data(input, chunk, whole && header.fin)?
            };
            match complete {
                Some(place) => break (header, place),
                None if whole => {}
                None => return Ok(None),
            }
        };
        self.hand_out(header.opcode, place, input).map(Some)
    }

    /// The frame whose payload is next, reading its header if need be. `None` when bytes are missing.
    fn open_frame(&mut self, input: &[u8], at: &mut usize) -> Result<Option<(Header, usize)>, Violation> {
        if let Some(frame) = self.frame {
            return Ok(Some(frame));
        }
        let held = usize::from(self.header_length);
        let fresh = &input[*at..];
        let parsed = if held == 0 {
            Header::parse(fresh)?
        } else {
            let more = fresh.len().min(MAX_CLIENT_HEADER - held);
            self.header[held..held + more].copy_from_slice(&fresh[..more]);
            Header::parse(&self.header[..held + more])?
        };
        let Some((header, size)) = parsed else {
            if held == 0 {
                self.header[..fresh.len()].copy_from_slice(fresh);
            }
            self.header_length += fresh.len() as u8;
            *at = input.len();
            return Ok(None);
        };
        *at += size - held;
        self.header_length = 0;
        self.begin(&header)?;
        self.frame = Some((header, 0));
        Ok(self.frame)
    }

    /// Checks a new frame against those before it.
    fn begin(&mut self, header: &Header) -> Result<(), Violation> {
        let (text, spent) = match (header.opcode, self.message) {
            (OpCode::Close | OpCode::Ping | OpCode::Pong, _) => return Ok(()),
            (OpCode::Continuation, None) => return Err(Violation::UnexpectedContinuation),
            (OpCode::Continuation, Some(message)) => message,
            (OpCode::Text | OpCode::Binary, Some(_)) => return Err(Violation::UnfinishedMessage),
            (opcode, None) => (opcode == OpCode::Text, 0),
        };
        if self.rules.only_text.is_some_and(|only| only != text) {
            return Err(Violation::WrongType);
        }
        // An empty fragment counts as one byte, or fragments without end would be free.
        let spent = spent.saturating_add(header.length.max(1));
        let limit = self.rules.max_message;
        if spent > limit {
            return Err(Violation::TooBig { limit });
        }
        self.message = Some((text, spent));
        Ok(())
    }

    fn take_control(&mut self, input: &[u8], chunk: Range<usize>, whole: bool) -> Option<Place> {
        if whole && self.control.is_empty() {
            return Some(Place::Input(chunk));
        }
        self.control.extend_from_slice(&input[chunk]);
        whole.then_some(Place::Held)
    }

    fn take_data(&mut self, input: &[u8], chunk: Range<usize>, complete: bool) -> Result<Option<Place>, Violation> {
        let is_text = self.message.is_some_and(|(text, _)| text);
        if is_text {
            self.utf8.feed(&input[chunk.clone()])?;
            if complete {
                self.utf8.finish()?;
            }
        }
        if complete && self.data.is_empty() {
            return Ok(Some(Place::Input(chunk)));
        }
        // Grows with what has arrived, never with what was announced.
        self.data.extend_from_slice(&input[chunk]);
        Ok(complete.then_some(Place::Held))
    }

    fn hand_out<'a>(&'a mut self, opcode: OpCode, place: Place, input: &'a mut [u8]) -> Result<Item<'a>, Violation> {
        if matches!(place, Place::Held) {
            self.handed_out = Some(opcode);
        }
        let held = match opcode {
            OpCode::Close | OpCode::Ping | OpCode::Pong => &mut self.control,
            _ => &mut self.data,
        };
        let payload = match place {
            Place::Input(range) => &mut input[range],
            Place::Held => &mut held[..],
        };
        Ok(match opcode {
            OpCode::Ping => Item::Ping(payload),
            OpCode::Pong => Item::Pong,
            OpCode::Close => Item::Close(control::close_code(payload)?),
            OpCode::Text | OpCode::Binary | OpCode::Continuation => {
                let text = self.message.take().is_some_and(|(text, _)| text);
                Item::Message(Message { text, payload })
            }
        })
    }

    /// Gives back the memory of what was handed out last.
    fn release(&mut self) {
        match self.handed_out.take() {
            None => {}
            Some(OpCode::Close | OpCode::Ping | OpCode::Pong) => self.control = Vec::new(),
            Some(_) => self.data = Vec::new(),
        }
    }

    /// Whether it stands between messages and keeps no bytes.
    pub fn is_idle(&self) -> bool {
        self.header_length == 0 && self.frame.is_none() && self.message.is_none()
    }
}

/// Unmasks a piece of a payload that begins `offset` bytes into it.
fn unmask_from(piece: &mut [u8], mut mask: [u8; 4], offset: usize) {
    mask.rotate_left(offset % 4);
    unmask(piece, mask);
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
