//! Which byte a character stands for, when UTF-8 was taken for a text of one byte a character.

/// The encodings that UTF-8 is taken for by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codepage {
    /// Latin-1, Windows-1252 and Windows-1254 together: no character stands for different bytes in two of them.
    Western,
    /// Windows-1255.
    Hebrew,
}

/// The characters of Windows-1252 at 0x80 to 0x9F; NUL where it has none.
const SPECIALS: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“',
    '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

impl Codepage {
    /// The byte of a character that is not ASCII.
    pub(super) fn byte(self, character: char) -> Option<u8> {
        match (self, character) {
            (Self::Western, 'Ğ') => Some(0xD0),
            (Self::Western, 'İ') => Some(0xDD),
            (Self::Western, 'Ş') => Some(0xDE),
            (Self::Western, 'ğ') => Some(0xF0),
            (Self::Western, 'ı') => Some(0xFD),
            (Self::Western, 'ş') => Some(0xFE),
            (Self::Hebrew, '₪') => Some(0xA4),
            (Self::Hebrew, '×') => Some(0xAA),
            (Self::Hebrew, '÷') => Some(0xBA),
            (Self::Western, '\u{80}'..='\u{FF}') | (Self::Hebrew, '\u{80}'..='\u{BF}') => {
                Some(character as u8)
            }
            (Self::Hebrew, 'א'..='ת') => Some((character as u32 - 'א' as u32) as u8 + 0xE0),
            (Self::Hebrew, '\u{5F0}'..='\u{5F4}') => Some((character as u32 - 0x5F0) as u8 + 0xD4),
            _ => special(character),
        }
    }

    /// Whether text that is right often has this behind a letter: what closes a quotation, dashes, marks.
    pub(super) fn is_natural(byte: u8) -> bool {
        matches!(byte,
            0x83 | 0x85 | 0x8A | 0x8B | 0x8C | 0x8E | 0x91..=0x97 | 0x99..=0x9C | 0x9E..=0xA0 | 0xA7
            | 0xA9..=0xAB | 0xAD | 0xAE | 0xB0 | 0xB2..=0xB4 | 0xB7 | 0xB9..=0xBB)
    }
}

fn special(character: char) -> Option<u8> {
    if !matches!(character, '\u{152}'..='\u{2DC}' | '\u{2013}'..='\u{2122}') {
        return None;
    }
    SPECIALS.iter().position(|special| *special == character).map(|place| place as u8 + 0x80)
}

/// The character of Windows-1252 that a C1 control character was meant to be.
pub(super) fn unveiled(control: char) -> Option<char> {
    let place = (control as usize).checked_sub(0x80)?;
    SPECIALS.get(place).copied().filter(|character| *character != '\0')
}

/// What kind of character came out, which says how likely it is that it was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Asian,
    Sign,
    Emoji,
}

impl Kind {
    /// None for what tickets do not have.
    pub(super) fn of(character: char) -> Option<Self> {
        Some(match character {
            '\u{80}'..='\u{17F}' | 'ƒ' | 'ˆ' | '˜' | '\u{218}'..='\u{21B}' | '\u{1E00}'..='\u{1EFF}' => {
                Self::Latin
            }
            '\u{384}'..='\u{3CE}' => Self::Greek,
            '\u{401}'..='\u{45F}' | '\u{490}' | '\u{491}' => Self::Cyrillic,
            '\u{5B0}'..='\u{5F4}' => Self::Hebrew,
            '\u{60C}'..='\u{652}' | '\u{660}'..='\u{6D3}' => Self::Arabic,
            '\u{900}'..='\u{DFF}'
            | '\u{E01}'..='\u{E7F}'
            | '\u{3001}'..='\u{30FF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{AC00}'..='\u{D7A3}'
            | '\u{FF01}'..='\u{FFEF}' => Self::Asian,
            '\u{2000}'..='\u{206F}'
            | '\u{20A0}'..='\u{20BF}'
            | '\u{2100}'..='\u{23FF}'
            | '\u{2460}'..='\u{27BF}'
            | '\u{2900}'..='\u{297F}'
            | '\u{2B00}'..='\u{2BFF}'
            | '\u{FE0E}'
            | '\u{FE0F}'
            | '\u{FEFF}'
            | '\u{FFFD}' => Self::Sign,
            '\u{1F000}'..='\u{1FAFF}' => Self::Emoji,
            _ => return None,
        })
    }
}
