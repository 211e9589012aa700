//! What a person would see of a text or an HTML page: proxies answer with pages, and clients must not get their markup.

/// How many characters of a page or a plain text are kept.
const KEPT: usize = 200;
/// How many bytes are looked at: a page that shows nothing in these is taken as empty.
const LOOKED_AT: usize = 64 * 1024;

/// The first visible characters of `body`, with white space folded; empty if there are none. It is a page if it is said to be
/// or begins like one.
pub(super) fn visible(body: &[u8], says_html: bool) -> String {
    let body = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    let shown = if says_html || is_html(&body) {
        without_markup(&body)
    } else {
        body.into_owned()
    };
    let printable: String = shown
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let folded = printable
        .trim_start_matches('\u{feff}')
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    folded.chars().take(KEPT).collect()
}

/// Whether a text is a page.
pub(super) fn is_html(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    text.starts_with('<')
}

/// The text between tags, without what `script` and `style` hold.
fn without_markup(html: &str) -> String {
    let mut shown = String::new();
    let mut rest = html;
    while let Some((text, tag)) = rest.split_once('<') {
        shown.push_str(text);
        shown.push(' ');
        rest = after(tag);
    }
    shown.push_str(rest);
    shown
}

/// What follows a tag: with it goes a comment, a script or a style up to its end.
fn after(tag: &str) -> &str {
    const WHOLE: [(&str, &str); 3] = [("!--", "-->"), ("script", "</script"), ("style", "</style")];
    let begins = |start: &str| {
        tag.get(..start.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(start))
    };
    let close = WHOLE
        .iter()
        .find(|(open, _)| begins(open))
        .map_or(">", |(_, close)| close);
    let rest = find_ignoring_case(tag, close)
        .and_then(|at| tag.get(at..))
        .unwrap_or_default();
    rest.split_once('>').map_or("", |(_, rest)| rest)
}

fn find_ignoring_case(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes()
        .windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}
