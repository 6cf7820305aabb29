// Which characters make words for the full-text index: SQLite's unicode61 tokenizer takes runs of them for one token
// each and drops all others. A query is cut by the same rule, so that one word asked for is one token looked up.
//
// Pure. Threads: any.
#pragma once

namespace forum {

bool begins_word(char32_t c);
// Beside those: accents that stand by themselves behind their letter.
bool continues_word(char32_t c);

}  // namespace forum
