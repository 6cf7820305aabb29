#include "forum/api/search.h"

#include "forum/api/entity_tag.h"
#include "forum/api/item_page.h"
#include "forum/api/post_json.h"
#include "forum/domain/search_terms.h"

namespace forum {

namespace {

constexpr std::size_t kQueryMax = 200;
constexpr std::size_t kSnippetLength = 160;

Answer found_page(Service& service, const std::string& typed, const std::string& expression, const std::string& list,
                  int offset, int limit) {
    const std::vector<std::string> words = search_words(typed);
    return service.store.readers.with([&](Connection& connection) {
        std::vector<Found> found = search_posts(connection, expression, offset, limit + 1);
        return items_page(
            list, found, limit,
            [&](const Found&) {
                return Cursor{"", offset + limit};
            },
            [&](JsonText& json, const Found& one) {
                Post post = one.post;
                post.body = snippet(one.post.body, words, kSnippetLength);
                write_listed_post(json, post);
            });
    });
}

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
    // A found post is shown like in a list, so whatever changes a list changes this; one page serves all who ask.
    const std::string key = list + ':' + std::to_string(limit) + ':' + std::to_string(offset);
    const SharedPage page = service.pages.get(key, service.store.side.lists(), [&] {
        Answer answer = found_page(service, typed, expression, list, static_cast<int>(offset), limit);
        std::string etag = entity_tag(answer.body);
        return Page{std::move(answer.body), std::move(etag)};
    });
    return page_answer(*page);
}

}  // namespace forum
