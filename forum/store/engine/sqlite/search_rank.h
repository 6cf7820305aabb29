// How well a text answers a search: BM25 over its columns, as FTS5's own bm25(), in bounded time.
//
// FTS5 counts every match of every word to know how rare the word is, on each search: milliseconds for a word that half
// of all posts contain. Here counting ends at a limit; what is more common counts as exactly that common, and so words
// below it still weigh more the rarer they are. As in bm25(), smaller is better.
//
// A word that reached the limit is taken as that common as long as the connection lives, without counting it again.
//
// Ranks of two indexes cannot be compared: a word weighs more where there are more texts. So posts and comments are put
// in one order by their share of the best rank that the same words could reach in the same index.
// Threads: one at a time per connection. Errors: SQLite's, through the statement.
#pragma once

struct sqlite3;

namespace forum {

// Makes `search_rank(TABLE, weight of each column…)` and `search_share(…)`, from -1 to 0, known to a connection.
// With two arguments more, a name of the index and what follows MATCH as match_expression() writes it, common words
// are remembered. Programs of schema version 1 use the first, so it stays. Throws StoreError.
void register_search_rank(sqlite3* database);

}  // namespace forum
