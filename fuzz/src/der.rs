//! DER as a tree: a change to one part leaves right lengths around it.

/// A value: its tag, its own bytes, and the values in it. A bit string of values has one byte of
/// its own.
#[derive(Clone)]
pub struct Der {
    pub tag: u8,
    pub content: Vec<u8>,
    pub children: Vec<Self>,
}

impl Der {
    /// Reads values to the end of the bytes. Returns nothing if they are not DER.
    pub fn read_all(mut bytes: &[u8]) -> Option<Vec<Self>> {
        let mut values = Vec::new();
        while let [tag, first, rest @ ..] = bytes {
            let (length, rest) = match *first {
                length @ ..=0x7f => (usize::from(length), rest),
                0x81 => (usize::from(*rest.first()?), &rest[1..]),
                0x82 => (usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?])), &rest[2..]),
                _ => return None,
            };
            let (content, rest) = rest.split_at_checked(length)?;
            values.push(Self::of(*tag, content));
            bytes = rest;
        }
        bytes.is_empty().then_some(values)
    }

    /// Reads the one value of these bytes.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Self::read_all(bytes).filter(|values| values.len() == 1)?.pop()
    }

    fn of(tag: u8, content: &[u8]) -> Self {
        let own = match tag {
            0x03 if content.first() == Some(&0) => Some(1),
            0x04 => Some(0),
            _ if tag & 0x20 != 0 => Some(0),
            _ => None,
        };
        let children = own.and_then(|own| Self::read_all(&content[own..]).map(|children| (own, children)));
        match children.filter(|(_, children)| !children.is_empty()) {
            Some((own, children)) => Self { tag, content: content[..own].to_vec(), children },
            None => Self { tag, content: content.to_vec(), children: Vec::new() },
        }
    }

    /// Writes the value, with the shortest lengths.
    pub fn write(&self) -> Vec<u8> {
        let mut content = self.content.clone();
        content.extend(self.children.iter().flat_map(Self::write));
        let mut bytes = vec![self.tag];
        match content.len() {
            length @ ..=0x7f => bytes.push(length as u8),
            length @ ..=0xff => bytes.extend([0x81, length as u8]),
            length => bytes.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        bytes.extend(content);
        bytes
    }

    fn count(&self) -> usize {
        1 + self.children.iter().map(Self::count).sum::<usize>()
    }

    /// Returns the value at a place, where a parent comes before its children.
    pub fn nth(&mut self, mut place: usize) -> Option<&mut Self> {
        if place == 0 {
            return Some(self);
        }
        place -= 1;
        for child in &mut self.children {
            let count = child.count();
            if place < count {
                return child.nth(place);
            }
            place -= count;
        }
        None
    }

    /// Changes values by a list of edits, four bytes each: which value, what, where in it, and to
    /// what. `known` are contents that an edit may put in.
    pub fn edit(&mut self, edits: &[u8], known: &[&[u8]]) {
        for edit in edits.chunks_exact(4) {
            let &[which, what, at, to] = edit else { unreachable!("a chunk has four bytes") };
            let count = self.count();
            // A copy of a large part would double the whole with each edit.
            if count > 500 {
                return;
            }
            let other = self.nth(usize::from(to) % count).cloned();
            let value = self.nth(usize::from(which) % count).expect("there are as many values");
            value.change(what, usize::from(at), to, other, known);
        }
    }

    fn change(&mut self, what: u8, at: usize, to: u8, other: Option<Self>, known: &[&[u8]]) {
        let byte = at % self.content.len().max(1);
        let child = at % self.children.len().max(1);
        match what % 11 {
            0 => self.tag = to,
            1 => self.content[byte..].first_mut().into_iter().for_each(|it| *it = to),
            2 => self.content.insert(byte, to),
            3 => drop(self.content.drain(byte..(byte + 1).min(self.content.len()))),
            4 => self.content.insert(0, 0),
            5 => self.children.extend(self.children.get(child).cloned()),
            6 => drop(self.children.drain(child..(child + 1).min(self.children.len()))),
            7 => self.children.rotate_left(child),
            8 => self.content.rotate_left(byte),
            9 => {
                let new = known.get(usize::from(to) % known.len().max(1)).copied().unwrap_or_default();
                self.children.clear();
                self.content.truncate(byte);
                self.content.extend_from_slice(new);
            }
            _ => *self = other.unwrap_or_else(|| self.clone()),
        }
    }
}
