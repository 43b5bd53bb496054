//! Fills in what was lost, where what is left says what it was: the place in the word, the words and marks that
//! tickets use.

use super::edits::Edits;
use super::words::{is_letter, lexicon};

const HOLE: char = char::REPLACEMENT_CHARACTER;

/// Hebrew letters that a text of this many has all of.
const ENOUGH: usize = 60;

/// Words with more holes than this are not tried.
const MOST: usize = 6;

/// A text in which holes are filled as far as it is known how.
#[derive(Debug, Default)]
pub(super) struct Filled {
    pub(super) text: String,
    /// What was filled in beyond doubt, by offset in the text.
    pub(super) certain: Vec<usize>,
    /// What was filled in because one character alone makes a known word, by offset.
    pub(super) guessed: Vec<usize>,
    /// What could not be, by offset.
    pub(super) open: Vec<usize>,
    pub(super) edits: Edits,
}

/// How sure it is what stood in a hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Certain(char),
    Guessed(char),
    Open,
}

/// Fills the holes of a text (U+FFFD). `lost` is what some of them can have been, by offset.
pub(super) fn fill(text: &str, lost: &[(usize, Vec<char>)]) -> Filled {
    let missing = missing_letters(text);
    let no_spaces = !text.contains('\u{A0}');
    let mut out = Filled { text: String::with_capacity(text.len()), ..Filled::default() };
    let mut lost = lost.iter().peekable();
    let mut done = 0;
    while let Some(found) = text[done..].find(HOLE) {
        let hole = done + found;
        let is_of_word = |character: char| is_letter(character) || character == HOLE;
        let start = text[done..hole].trim_end_matches(is_letter).len() + done;
        let mut end =
            hole + text[hole..].find(|character| !is_of_word(character)).unwrap_or(text.len() - hole);
        out.text.push_str(&text[done..start]);
        let mut word: Vec<char> = text[start..end].chars().collect();
        let mut sets = Vec::new();
        for (offset, character) in text[start..end].char_indices() {
            if character == HOLE {
                let known = lost.next_if(|(at, _)| *at == start + offset).map(|(_, candidates)| candidates);
                sets.push(known.map(Vec::as_slice));
            }
        }
        // A no-break space, which is half of a nun, may have become a space.
        let mut nun = None;
        let is_left_of_letter = sets.last().is_some_and(|set| set.is_some_and(|set| set.contains(&'א')));
        if no_spaces && is_left_of_letter && word.last() == Some(&HOLE) && is_joined(&word, &text[end..]) {
            let behind = letters_of(&text[end + 1..]);
            nun = Some(word.len() - 1);
            word.pop();
            word.push('נ');
            word.extend(behind.chars());
            sets.pop();
            end += 1 + behind.len();
        }
        let mut answers = solve(&word, &sets, missing, &out.text, &text[end..]).into_iter();
        let mut from = start;
        for (place, character) in word.into_iter().enumerate() {
            let answer = if character == HOLE { answers.next() } else { None };
            let at = out.text.len();
            let was =
                if nun == Some(place) { HOLE.len_utf8() + ' '.len_utf8() } else { character.len_utf8() };
            match answer {
                Some(Answer::Certain(_)) => out.certain.push(at),
                Some(Answer::Guessed(_)) => out.guessed.push(at),
                Some(Answer::Open) => out.open.push(at),
                None if nun == Some(place) => out.guessed.push(at),
                None => {}
            }
            out.text.push(match answer {
                Some(Answer::Certain(filled) | Answer::Guessed(filled)) => filled,
                _ => character,
            });
            if out.text.len() - at != was {
                out.edits.push(from..from + was, at..out.text.len());
            }
            from += was;
        }
        done = end;
    }
    out.text.push_str(&text[done..]);
    out
}

/// The Hebrew letters that a text begins with.
fn letters_of(text: &str) -> &str {
    &text[..text.find(|character| !is_letter(character)).unwrap_or(text.len())]
}

/// Whether what ends with a hole and what stands behind the space make one word, with a nun in the hole, and the first
/// makes none by itself.
fn is_joined(word: &[char], behind: &str) -> bool {
    let Some(rest) = behind.strip_prefix(' ') else { return false };
    let behind = letters_of(rest);
    if behind.is_empty() || rest[behind.len()..].starts_with(HOLE) {
        return false;
    }
    // No word has one letter.
    if word.len() == 1 || behind.chars().nth(1).is_none() {
        return true;
    }
    let joined: Vec<_> = word[..word.len() - 1].iter().copied().chain(['נ']).chain(behind.chars()).collect();
    guess(&joined).0 > guess(word).0
}

/// How well a word is known, and what it is, when only the letters that are usually lost were lost.
fn guess(word: &[char]) -> (u8, Option<Vec<char>>) {
    let places = word.iter().enumerate().filter(|(_, character)| **character == HOLE);
    let holes: Vec<_> = places
        .map(|(place, _)| (place, vec!['א', if place + 1 == word.len() { 'ם' } else { 'מ' }]))
        .collect();
    let (known, letters) = best(word, &holes);
    let filled = letters.map(|letters| {
        let mut word = word.to_vec();
        for ((place, _), letter) in holes.iter().zip(letters) {
            word[*place] = letter;
        }
        word
    });
    (known, filled)
}

/// The Hebrew letters that a text lacks altogether, of those that a conversion loses. No text of some length has none
/// of them by chance.
fn missing_letters(text: &str) -> &'static [char] {
    let mut letters = 0;
    let mut has = [false; 3];
    for character in text.chars().filter(|character| is_letter(*character)) {
        letters += 1;
        match character {
            'א' => has[0] = true,
            'ם' => has[1] = true,
            'מ' => has[2] = true,
            _ => {}
        }
    }
    match has {
        [false, false, false] if letters >= ENOUGH => &['א', 'ם', 'מ'],
        [false, false, true] if letters >= ENOUGH => &['א', 'ם'],
        _ => &[],
    }
}

/// What stood in the holes of a word, or of what is no word.
fn solve(
    word: &[char],
    sets: &[Option<&[char]>],
    missing: &'static [char],
    before: &str,
    behind: &str,
) -> Vec<Answer> {
    let open = vec![Answer::Open; sets.len()];
    let is_hebrew = word.iter().any(|character| is_letter(*character))
        || sets.iter().all(|set| set.is_some_and(|set| set.contains(&'א')))
        || (sets.len() > 1 && !missing.is_empty());
    if !is_hebrew {
        return if let [set] = sets { vec![sign(set.unwrap_or(&[]), before, behind)] } else { open };
    }
    if sets.is_empty() || sets.len() > MOST {
        return open;
    }
    let all: Vec<char> = ('א'..='ת').collect();
    let is_last = |place: usize| place + 1 == word.len();
    let mut holes = Vec::new();
    for (place, _) in word.iter().enumerate().filter(|(_, character)| **character == HOLE) {
        let set = match sets[holes.len()] {
            Some(set) => set,
            None if missing.is_empty() => &all,
            None => missing,
        };
        // Which form a letter has says whether the word ends with it.
        let fits = |letter: &char| match letter {
            'ם' | 'ן' | 'ץ' | 'ך' | 'ף' => is_last(place) && word.len() > 1,
            'מ' | 'נ' | 'צ' | 'כ' => !is_last(place),
            _ => is_letter(*letter),
        };
        holes.push((place, set.iter().copied().filter(fits).collect::<Vec<_>>()));
    }
    let certain = |candidates: &[char], place: usize| {
        let is_narrow = sets[place].is_some() || !missing.is_empty();
        match candidates {
            [only] if is_narrow => Answer::Certain(*only),
            _ => Answer::Open,
        }
    };
    let mut answers: Vec<_> =
        holes.iter().enumerate().map(|(place, (_, candidates))| certain(candidates, place)).collect();
    if answers.iter().all(|answer| *answer != Answer::Open) {
        return answers;
    }
    if let Some(known) = best(word, &holes).1 {
        for (answer, letter) in answers.iter_mut().zip(known) {
            if *answer == Answer::Open {
                *answer = Answer::Guessed(letter);
            }
        }
    } else if let (Some((place, candidates)), Some(answer)) = (holes.last(), answers.last_mut()) {
        // Words in `ים` are plurals; those in `יא` are few, and known.
        let is_plural = *place >= 3 && is_last(*place) && word[place - 1] == 'י' && candidates.len() <= 3;
        if *answer == Answer::Open && is_plural && candidates.contains(&'ם') {
            *answer = Answer::Guessed('ם');
        }
    }
    answers
}

/// How well the best known word is known, and its letters when no others make one as well known.
fn best(word: &[char], holes: &[(usize, Vec<char>)]) -> (u8, Option<Vec<char>>) {
    let ways = holes.iter().try_fold(1_usize, |ways, (_, candidates)| ways.checked_mul(candidates.len()));
    let Some(ways @ 1..=1000) = ways else {
        return (0, None);
    };
    let mut best = (0, None);
    let mut trial = word.to_vec();
    for way in 0..ways {
        let mut rest = way;
        for (place, candidates) in holes {
            trial[*place] = candidates[rest % candidates.len()];
            rest /= candidates.len();
        }
        let known = lexicon().knows(&trial.iter().collect::<String>());
        if known > best.0 {
            best = (known, Some(holes.iter().map(|(place, _)| trial[*place]).collect()));
        } else if known == best.0 {
            best.1 = None;
        }
    }
    best
}

/// A lost sign or picture.
fn sign(candidates: &[char], before: &str, behind: &str) -> Answer {
    let last = before.chars().next_back();
    // What makes a picture of a sign, and what joins two pictures.
    if candidates.is_empty() || candidates == ['\u{FE0F}'] {
        if last.is_some_and(|sign| {
            matches!(sign, '⚠' | '☑' | '✔' | '✖' | 'ℹ' | '❤' | '⚙' | '✏' | '⏱' | '🛠' | '🏗' | '🗂' | '▶')
        }) {
            return Answer::Certain('\u{FE0F}');
        }
        if !candidates.is_empty() {
            return Answer::Guessed('\u{FE0F}');
        }
    }
    if candidates.contains(&'”') {
        let is_picture = last.is_some_and(|last| matches!(last, '\u{1F000}'..='\u{1FAFF}' | '\u{FE0F}'));
        return Answer::Guessed(if is_picture { '\u{200D}' } else { '”' });
    }
    // Inside a word it was a letter.
    let is_letter = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    if candidates.is_empty() && (is_letter(last) || is_letter(behind.chars().next())) {
        return Answer::Open;
    }
    lexicon().mark(candidates, &words_behind(behind)).map_or(Answer::Open, Answer::Guessed)
}

/// The next words of the line or the next cell, their holes filled as far as they can be.
fn words_behind(text: &str) -> String {
    let near: String = text.chars().take(80).collect();
    let line = near.split(['\n', '|']).find(|part| !part.trim().is_empty()).unwrap_or("");
    let mut words = String::new();
    for word in line.split_whitespace() {
        let is_part = |character: &char| *character == HOLE || character.is_alphanumeric();
        let word: Vec<char> = word.chars().filter(is_part).collect();
        words.extend(guess(&word).1.unwrap_or(word));
        words.push(' ');
    }
    words
}
