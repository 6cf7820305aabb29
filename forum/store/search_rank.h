#pragma once
// How well a post answers a search: BM25 over title and body, as FTS5's own bm25(), in bounded time.
//
// FTS5 counts every match of every word to know how rare the word is, on each search: milliseconds for a word that half
// of all posts contain. Here counting ends at a limit; what is more common counts as exactly that common, and so words
// below it still weigh more the rarer they are. As in bm25(), smaller is better.

struct sqlite3;

namespace forum {

/// Makes `search_rank(TABLE, title weight, body weight)` known to a connection. Throws StoreError.
void register_search_rank(sqlite3* database);

}  // namespace forum
