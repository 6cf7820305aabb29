#include "forum/api/item_page.h"

namespace forum {

std::optional<Cursor> cursor_of(const CursorSeal& seal, const Call& call, const std::string& list) {
    const auto text = call.parameter("cursor");
    if (!text || text->empty()) return std::nullopt;
    const auto cursor = seal.open(list, *text);
    if (!cursor) refuse(400, "bad-cursor", "this cursor does not belong to this list; begin without one");
    return cursor;
}

void write_next(JsonText& json, const std::optional<std::string>& next) {
    json.key("next");
    if (next) {
        json.value(*next);
    } else {
        json.null();
    }
}

}  // namespace forum
