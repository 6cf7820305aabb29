#include "forum/api/search.h"

#include "forum/api/post_json.h"
#include "forum/domain/search_terms.h"

namespace forum {

namespace {

constexpr std::size_t kQueryMax = 200;
constexpr std::size_t kSnippetLength = 160;

}  // namespace

Answer search_posts(Service& service, const Call& call) {
    const std::string typed = call.parameter("q").value_or("");
    const std::string expression = match_expression(typed);
    if (expression.empty() || typed.size() > kQueryMax) {
        refuse(400, "bad-parameter", "q must hold a word and at most 200 bytes");
    }
    const int limit = page_limit(call);
    const std::string list = "search:" + typed;
    const auto after = cursor_of(call, list);
    const std::int64_t offset = after ? after->row : 0;
    const std::vector<std::string> words = search_words(typed);
    return service.store.readers.with([&](Connection& connection) {
        std::vector<Found> found = search_posts(connection, expression, static_cast<int>(offset), limit + 1);
        const auto next = cut_page(list, found, limit, [&](const Found&) { return Cursor{"", offset + limit}; });
        JsonText json;
        json.begin_object().key("items").begin_array();
        for (const Found& one : found) {
            json.begin_object();
            Post post = one.post;
            post.body = snippet(one.post.body, words, kSnippetLength);
            write_post_members(json, post, false);
            json.end_object();
        }
        json.end_array();
        write_next(json, next);
        json.end_object();
        return json_answer(200, json.take());
    });
}

}  // namespace forum
