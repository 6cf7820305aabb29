// Pages of lists: {"items": […], "next": cursor or null}. Every list of the API is cut and written here.
//
// `entries` always holds one more than the limit when there is a next page, so no list is counted.
// Threads: any. Errors: a cursor that was not made here for this list is a 400 Refusal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "forum/api/cursor_seal.h"
#include "forum/api/json_text.h"
#include "forum/api/service.h"

namespace forum {

// `cursor` of the query. Throws 400 when it does not belong to this list.
std::optional<Cursor> cursor_of(const CursorSeal& seal, const Call& call, const std::string& list);

// The row of that cursor, for lists that go from the newest down.
inline std::int64_t row_before(const CursorSeal& seal, const Call& call, const std::string& list) {
    const auto after = cursor_of(seal, call, list);
    return after ? after->row : INT64_MAX;
}

// "next": cursor of the last shown or null.
void write_next(JsonText& json, const std::optional<std::string>& next);

// The members "items" and "next".
template <class Entry, class MakeCursor, class WriteEntry>
void write_items(JsonText& json, const CursorSeal& seal, const std::string& list, std::vector<Entry>& entries,
                 int limit, MakeCursor&& make_cursor, WriteEntry&& write_entry) {
    std::optional<std::string> next;
    if (entries.size() > static_cast<std::size_t>(limit)) {
        entries.resize(static_cast<std::size_t>(limit));
        next = seal.close(list, make_cursor(entries.back()));
    }
    json.key("items").begin_array();
    for (const Entry& entry : entries) write_entry(json, entry);
    json.end_array();
    write_next(json, next);
}

template <class Entry, class MakeCursor, class WriteEntry>
Answer items_page(const CursorSeal& seal, const std::string& list, std::vector<Entry>& entries, int limit,
                  MakeCursor&& make_cursor, WriteEntry&& write_entry) {
    JsonText json;
    json.begin_object();
    write_items(json, seal, list, entries, limit, make_cursor, write_entry);
    json.end_object();
    return json_answer(200, json.take());
}

// What a post or a comment said before its edits, the newest first. `read(before version, limit)` reads them;
// `write_text(json, edit)` adds the members of the text itself.
template <class Read, class WriteText>
Answer edits_page(const CursorSeal& seal, const Call& call, const std::string& list, Read&& read,
                  WriteText&& write_text) {
    const int limit = page_limit(call);
    auto edits = read(row_before(seal, call, list), limit + 1);
    return items_page(
        seal, list, edits, limit,
        [](const auto& last) {
            return Cursor{"", last.edit_version};
        },
        [&](JsonText& json, const auto& edit) {
            json.begin_object().member("version", edit.edit_version);
            write_text(json, edit);
            json.key("written_at")
                .instant(edit.written_at)
                .key("replaced_at")
                .instant(edit.replaced_at)
                .member("replaced_by", edit.replaced_by)
                .end_object();
        });
}

}  // namespace forum
