use proptest::prelude::*;

use super::*;

/// Text that is right, with what people really put behind letters.
const RIGHT: &[&str] = &[
    "# Test RabbitMQ outage\n\n| 1 | Send | `x` | 503 |\n",
    "Le café « Noël » à Orléans coûte 20 € à cœur… L’été, ça va… où déjà ?\n",
    "„Spaß“, »Grüße«, “CAFÉ”, 20°C – STRAßE™, GRÖßE… Ärger über Öl\n",
    "A NÃO SER «IRMû, AVÔ… LIÇÃO®, Å–Ä–Ö, É” — à…»\n",
    "Türkçe: “TAKSİ” ağaç, Iğdır, ŞİŞLİ’de, İĞNE… çığ™ düğüm\n",
    "El niño ¿dónde está? ¡ESPAÑA! “ÁRBOL…” 1.º\n",
    "Tomáš… Žižkov, „ÚŠ“ příliš žluťoučký kůň, Łódź – źdźbło\n",
    "Þór á hljóð…” Ísland, SMÅ– Ø 5 mm, Ø±0.1, 2×£5, 5×–10×, 3×½, 10 × 20\n",
    "בדיקה: צ׳ק, ג׳” ו„מרכאות”… סה\"כ 15 שדות – אם לא, אז מה?\n",
    "Привет, мир! «Тест» — не пройден…\n",
    "Αυτό είναι ένα τεστ: «δοκιμή».\n",
    "هذا اختبار، هل يعمل؟ نعم.\n",
    "这是一个测试。データは正しい。한국어 시험\n",
    "✅ ok ❌ failed ⚠️ 🔍 👩‍💻 → ≥ 5 µm ± 2 ½\n",
];

/// What the decoders of browsers do: what Windows-1252 has no character for becomes a control character.
fn read_as(text: &str, encoding: &'static encoding_rs::Encoding) -> String {
    encoding.decode_without_bom_handling(text.as_bytes()).0.into_owned()
}

fn as_latin1(text: &str) -> String {
    text.bytes().map(char::from).collect()
}

/// What strict decoders that skip errors do.
fn lossy(text: &str, encoding: &'static encoding_rs::Encoding) -> String {
    read_as(text, encoding).chars().filter(|character| !('\u{80}'..='\u{9F}').contains(character)).collect()
}

fn rules(decoded: &Decoded<'_>) -> Vec<&'static str> {
    decoded.notes.iter().map(|note| note.rule).collect()
}

/// Sentences in the languages of one another.
fn sentences() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(RIGHT), 1..8).prop_map(|lines| lines.concat())
}

/// Words of letters of one language, with what opens and closes around them.
fn words() -> impl Strategy<Value = String> {
    let letters = prop::sample::select(vec![
        "[a-zàâçéèêëîïôùûü]{2,9}",
        "[a-zäöü]{2,9}",
        "[a-zäöü]{1,9}ß",
        "[a-zçğıöşüâî]{2,9}",
        "[a-záéíóúñ]{2,9}",
        "[a-zãõáéíóúâêôç]{2,9}",
        "[a-zåäöøæðþ]{2,9}",
        "[a-zášžčřůý]{2,9}",
        "[א-ת]{2,9}",
        "[а-я]{2,9}",
    ]);
    let cased = (letters.prop_flat_map(|letters| letters), 0..3).prop_map(|(word, case)| match case {
        0 => word,
        1 => word.to_uppercase(),
        _ => word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect(),
    });
    let open = prop::sample::select(vec!["", "“", "«", "„", "(", "¿"]);
    let word =
        (open, cased, "[’”»“…–—™®.,:]{0,2}").prop_map(|(open, word, close)| format!("{open}{word}{close}"));
    prop::collection::vec(word, 1..12).prop_map(|words| words.join(" "))
}

#[test]
fn notes_count_old_line_ends() {
    for (text, place) in
        [("a\rb\u{1}", "2:2"), ("a\r\n\rb\u{1}", "3:2"), ("a\r\u{1}\nb", "1:2"), ("a\nb\u{1}", "2:2")]
    {
        let notes = decode(text.as_bytes()).notes;
        assert_eq!(format!("{:?}", notes[0].at), place, "{text:?}");
    }
}

proptest! {
    #[test]
    fn text_that_is_right_is_left_alone(text in prop_oneof![sentences(), words()]) {
        let decoded = decode(text.as_bytes());
        prop_assert!(matches!(decoded.text, Cow::Borrowed(_)), "{:?}", decoded);
        prop_assert_eq!(decoded.text, text.as_str());
        prop_assert!(decoded.notes.is_empty());
    }

    #[test]
    fn damage_without_loss_is_undone(text in sentences(), kind in 0..4) {
        let damaged = match kind {
            0 => read_as(&text, encoding_rs::WINDOWS_1252),
            1 => read_as(&text, encoding_rs::WINDOWS_1254),
            2 => as_latin1(&text),
            _ => read_as(&read_as(&text, encoding_rs::WINDOWS_1252), encoding_rs::WINDOWS_1252),
        };
        let decoded = decode(damaged.as_bytes());
        prop_assert_eq!(decoded.text.as_ref(), text.as_str(), "{}", damaged);
        prop_assert_eq!(decoded.notes.is_empty(), text.is_ascii());
    }

    #[test]
    fn damage_with_loss_is_undone_or_noted(text in sentences(), turkish in any::<bool>()) {
        let encoding = if turkish { encoding_rs::WINDOWS_1254 } else { encoding_rs::WINDOWS_1252 };
        let damaged = lossy(&text, encoding);
        let decoded = decode(damaged.as_bytes());
        let noted = rules(&decoded);
        let is_noted = noted.contains(&"encoding-damaged") || noted.contains(&"encoding-guessed");
        prop_assert!(decoded.text == text || is_noted, "{}\n{:?}", damaged, decoded);
        prop_assert_eq!(decoded.text.contains('\u{FFFD}'), noted.contains(&"encoding-damaged"));
        prop_assert_eq!(decoded.text.lines().count(), text.lines().count());
    }

    #[test]
    fn a_damaged_part_is_repaired_there_only(before in sentences(), part in sentences(), behind in sentences()) {
        let damaged = before.clone() + &read_as(&part, encoding_rs::WINDOWS_1252) + &behind;
        let decoded = decode(damaged.as_bytes());
        prop_assert_eq!(decoded.text.as_ref(), before + &part + &behind);
    }

    #[test]
    fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let decoded = decode(&bytes);
        prop_assert!(decoded.notes.iter().all(|note| !note.text.to_string().is_empty()));
    }

    #[test]
    fn no_text_is_too_strange(text in "[×Ãâğ€”‡œš™ï¸\u{FFFD}\u{A0}אמל ׳גa5\n]{0,60}") {
        let _ = decode(text.as_bytes());
    }
}

#[test]
fn letters_that_were_lost_are_told_by_place_and_word() {
    let text = "❌ **מה צריך:** צעדים מפורטים (15), ⚠️ אם לא – את המבנה המלא\n🔍 ניתוח שדות חסרים";
    for encoding in [encoding_rs::WINDOWS_1252, encoding_rs::WINDOWS_1254] {
        let damaged = lossy(text, encoding);
        assert_ne!(damaged, read_as(text, encoding));
        let decoded = decode(damaged.as_bytes());
        assert_eq!(decoded.text, text);
        assert!(rules(&decoded).contains(&"encoding-guessed"));
        let spaces = damaged.replace('\u{A0}', " ");
        assert_eq!(decode(spaces.as_bytes()).text, text, "no-break spaces became spaces");
    }
}

#[test]
fn what_cannot_be_known_is_said() {
    let damaged = lossy("בדיקה של גמגום וזאבים, שלום לכם: אקדח טבם", encoding_rs::WINDOWS_1254);
    let decoded = decode(damaged.as_bytes());
    let note = decoded.notes.iter().find(|note| note.rule == "encoding-damaged").unwrap();
    assert!(note.text.to_string().contains("\"טב\u{FFFD}\" in line 1"), "{}", note.text);
    assert_eq!(format!("{:?}", note.at).split(':').next(), Some("1"));
}

#[test]
fn replacement_characters_are_filled_in_when_the_text_lacks_just_those_letters() {
    let text = "סיכום של הטיקט: שדות חסרים ✅ שדה קריטי ברור\n## ❌ חסר: צעדים, נתונים, פקודת הרצה, ניקיון, סביבת הרצה, קובץ, תיעוד, ביצוע, עדיפות\n⚠️ לא";
    let holes: String = text
        .replace("⚠️", "⚠\u{FFFD}")
        .chars()
        .map(|character| if "אםמ❌".contains(character) { '\u{FFFD}' } else { character })
        .collect();
    let decoded = decode(holes.as_bytes());
    assert_eq!(decoded.text, text);

    let decoded = decode("A j\u{FFFD}b with status 50\u{FFFD}".as_bytes());
    assert_eq!(decoded.text, "A j\u{FFFD}b with status 50\u{FFFD}");
    assert_eq!(rules(&decoded), ["encoding-damaged"]);
}

#[test]
fn the_usual_encodings_of_windows() {
    let cases = [
        (encoding_rs::WINDOWS_1255, "תקציר: נפילת השרת בזמן הגדרה\nצעדי בדיקה – “אחד”\n"),
        (encoding_rs::WINDOWS_1252, "Le serveur a redémarré après l’arrêt, déjà vérifié – coûteux\n"),
        (
            encoding_rs::WINDOWS_1254,
            "Sunucu bağlantısı kesildiğinde doğru yanıt alınmalıdır, değişiklik yapılmış olmalı\n",
        ),
    ];
    for (encoding, text) in cases {
        let bytes = encoding.encode(text).0.into_owned();
        let decoded = decode(&bytes);
        assert_eq!(decoded.text, text);
        assert_eq!(rules(&decoded), ["encoding-not-utf8"]);
    }
    // ISO-8859-8 has the same letters.
    let bytes = encoding_rs::ISO_8859_8.encode("תקציר: נפילת השרת").0.into_owned();
    assert_eq!(decode(&bytes).text, "תקציר: נפילת השרת");
}

#[test]
fn utf16_and_marks() {
    let text = "תקציר: RabbitMQ outage 503\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(decode(&[b"\xFF\xFE", little.as_slice()].concat()).text, text);
    assert_eq!(decode(&[b"\xFE\xFF", big.as_slice()].concat()).text, text);
    assert_eq!(rules(&decode(&little)), ["encoding-not-utf8"]);
    assert_eq!(decode(&little).text, text);
    assert_eq!(decode(&big).text, text);
    let marked = ["\u{FEFF}", text].concat();
    let decoded = decode(marked.as_bytes());
    assert_eq!(decoded.text, text);
    assert!(decoded.notes.is_empty());
    assert_eq!(decode("ï»¿## Key".as_bytes()).text, "## Key");
}

#[test]
fn hebrew_that_was_read_as_windows_1255() {
    let text = "שדות חסרים – צעדי בדיקה";
    let damaged = read_as(text, encoding_rs::WINDOWS_1255);
    assert!(damaged.contains('׳'), "{damaged}");
    assert_eq!(decode(damaged.as_bytes()).text, text);
}

#[test]
fn control_characters_go_and_are_counted() {
    let decoded = decode(b"Sta\0tus\x0B503 \x1Bok\r\n\tend\n");
    assert_eq!(decoded.text, "Status 503 ok\r\n\tend\n");
    assert_eq!(rules(&decoded), ["encoding-repaired"]);
    assert!(
        decoded.notes[0].text.to_string().starts_with("3 characters taken out"),
        "{}",
        decoded.notes[0].text
    );
    assert_eq!(decode("\u{93}ok\u{94}".as_bytes()).text, "“ok”");
}

#[test]
fn a_picture_is_no_text() {
    let picture: Vec<u8> =
        (0..4000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert!(!decode(&picture).is_text);
    for text in [&b"a\0b\0 \x01 \x02"[..], "טקסט".as_bytes(), b"", &[b'x'; 5000], b"\xff\xfea\0b\0c\0"] {
        assert!(decode(text).is_text, "{text:?}");
    }
}

#[test]
fn notes_stand_where_the_repaired_text_has_it() {
    // A character that is put right, behind two that are taken out.
    let decoded = decode("ok\n\u{0}\u{1}   b ðŸ˜€\n".as_bytes());
    assert_eq!(decoded.text, "ok\n   b 😀\n");
    let places: Vec<_> = decoded.notes.iter().map(|note| format!("{:?}", note.at)).collect();
    assert_eq!(places, ["2:6", "2:1"]);
    // What was encoded twice too often is one character, put right once.
    let text = "✅ done — ok";
    let twice = read_as(&read_as(text, encoding_rs::WINDOWS_1252), encoding_rs::WINDOWS_1252);
    let decoded = decode(twice.as_bytes());
    assert_eq!(decoded.text, text);
    assert!(decoded.notes[0].text.to_string().contains("2 characters"), "{}", decoded.notes[0].text);
    // What was lost is known although something before it was taken out.
    let damaged = lossy("מה צריך: צעדים מפורטים", encoding_rs::WINDOWS_1254);
    let taken = ["\u{1}", &damaged].concat();
    assert_eq!(decode(taken.as_bytes()).text, decode(damaged.as_bytes()).text);
}
