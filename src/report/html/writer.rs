//! Markup that is well-formed as HTML and as XML, whatever the texts in it are: names come from the program, texts are
//! escaped here and nowhere else.

use crate::draw::escape::escaped;

/// Elements that have no content, and no end in HTML.
const VOID: [&str; 4] = ["br", "hr", "link", "meta"];

#[derive(Debug, Default)]
pub struct Writer {
    out: String,
    open: Vec<&'static str>,
}

/// Name and value; an empty value leaves the attribute out.
pub type Attribute<'a> = (&'static str, &'a str);

impl Writer {
    pub fn open(&mut self, name: &'static str, attributes: &[Attribute]) {
        self.out.push('<');
        self.out.push_str(name);
        for (attribute, value) in attributes.iter().filter(|(_, value)| !value.is_empty()) {
            self.out.push_str(&format!(" {attribute}=\"{}\"", escaped(value)));
        }
        if VOID.contains(&name) {
            self.out.push_str("/>\n");
        } else {
            self.out.push('>');
            self.open.push(name);
        }
    }

    /// Ends the element that was opened last.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.out.push_str(&format!("</{name}>"));
            if !INLINE.contains(&name) {
                self.out.push('\n');
            }
        }
    }

    /// An element with what `content` writes into it.
    pub fn element(
        &mut self,
        name: &'static str,
        attributes: &[Attribute],
        content: impl FnOnce(&mut Writer),
    ) {
        self.open(name, attributes);
        content(self);
        self.close();
    }

    /// An element with a text that is nothing but letters.
    pub fn leaf(&mut self, name: &'static str, attributes: &[Attribute], text: &str) {
        self.element(name, attributes, |page| page.text(text));
    }

    /// An element with a text in which `this` is code.
    pub fn said(&mut self, name: &'static str, attributes: &[Attribute], text: &str) {
        self.element(name, attributes, |page| page.prose(text));
    }

    pub fn text(&mut self, text: &str) {
        self.out.push_str(&escaped(text));
    }

    /// What stands between backticks is code, all else is only letters.
    pub fn prose(&mut self, text: &str) {
        let mut rest = text;
        while let Some(open) = rest.find('`') {
            let Some(length) = rest[open + 1..].find('`').filter(|length| *length > 0) else { break };
            let close = open + 1 + length;
            self.text(&rest[..open]);
            self.leaf("code", &[], &rest[open + 1..close]);
            rest = &rest[close + 1..];
        }
        self.text(rest);
    }

    /// Markup that is known to be well-formed.
    pub fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// All that was written, with every element ended.
    pub fn end(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out
    }
}

/// A line end after these would be seen as a space, or is not worth a byte.
const INLINE: [&str; 10] = ["a", "b", "code", "em", "mark", "pre", "small", "span", "strong", "title"];

#[cfg(test)]
mod tests {
    use super::Writer;

    #[test]
    fn text_is_text_and_every_element_ends() {
        let mut page = Writer::default();
        page.open("p", &[("class", "a\" onclick=\"x"), ("id", "")]);
        page.prose("`<b>` & `` odd ` tick");
        page.open("meta", &[("name", "x")]);
        page.open("span", &[]);
        assert_eq!(
            page.end(),
            "<p class=\"a&quot; onclick=&quot;x\"><code>&lt;b&gt;</code> &amp; `` odd ` tick<meta name=\"x\"/>\n</span></p>\n"
                .replace("\n</span>", "\n<span></span>")
        );
    }
}
