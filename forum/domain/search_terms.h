// How text is cut into words for the full-text index, so that Chinese, Japanese and Korean are found too.
//
// SQLite's unicode61 tokenizer splits at spaces and signs, which such text does not have between words. So every run of
// these characters is written into the index as its overlapping pairs and its last character ("数据库" becomes
// "数据 据库 库"); a query of two or more characters becomes the phrase of its pairs, a single character becomes a
// prefix search. Other text goes in unchanged; unicode61 folds case and accents. The stored form is what the index rows
// were made from: changing it needs a migration that fills the index again.
// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace forum {

// What is written into the index for a piece of text.
std::string indexed_text(std::string_view text);

// The same for an index whose tokenizer takes letters and digits of ASCII only, leaves out short and common words, and
// knows no pairs: each word becomes one of its own ("xw" and the word, folded), each pair "xq" with its characters'
// numbers, a run's last character "xq" with one, so that its pairs begin with it.
std::string token_text(std::string_view text);

// What match_expression() asks for, in those tokens and in the words of MariaDB's boolean mode: all of them, pairs as a
// phrase, a beginning with a star.
std::string token_expression(std::string_view typed);

// An FTS5 MATCH expression that asks for all words of what a user typed, each once, of many the first eight and of
// long unspaced runs the beginning: at most sixteen looks into the index. Empty when there is no word in it. Nothing
// typed can change its structure: every word is quoted, and cut where the index cuts.
std::string match_expression(std::string_view typed);

// The words themselves, for marking them in a snippet. ASCII letters are in lower case.
std::vector<std::string> search_words(std::string_view typed);

// About `length` code points of `text` around the first of the words found in it, cut at code points, with "…" where
// something was left out. Plain text, not HTML.
std::string snippet(std::string_view text, const std::vector<std::string>& words, std::size_t length);

}  // namespace forum
