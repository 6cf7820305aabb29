#include "forum/api/search.h"

#include <chrono>
#include <utility>

#include "forum/api/entity_tag.h"
#include "forum/api/item_page.h"
#include "forum/api/post_json.h"
#include "forum/api/throttle.h"
#include "forum/domain/search_terms.h"
#include "forum/domain/utf8.h"
#include "forum/store/search.h"

namespace forum {

namespace {

constexpr std::size_t kQueryMax = 200;
constexpr std::size_t kSnippetLength = 160;

// The post as in a list; its excerpt is the place that was found, which may be in one of its comments.
void write_found(JsonText& json, const Found& found, const std::vector<std::string>& words) {
    Post post = found.post;
    post.body = snippet(found.comment ? found.comment->body : found.post.body, words, kSnippetLength);
    json.begin_object();
    write_post_members(json, post, false);
    json.key("comment");
    if (found.comment) {
        json.begin_object()
            .member("id", found.comment->public_id)
            .member("author", found.comment->author)
            .key("created_at")
            .instant(found.comment->created_at)
            .end_object();
    } else {
        json.null();
    }
    json.end_object();
}

Page found_page(Service& service, const Call& call, const std::string& typed, const std::string& list,
                std::int64_t from, int limit) {
    throttle_search(service, call);
    const SearchTurns::Turn turn(service.search_turns);
    const SearchShare share(std::chrono::milliseconds(service.limits.search_time), call.client_gone);
    const std::vector<std::string> words = search_words(typed);
    return service.store.readers.with([&](Connection& connection) {
        std::vector<Found> found = search(connection, typed, from, limit + 1, share);
        // Half an answer is no answer for those who ask the same and are still there.
        if (call.client_gone && call.client_gone()) refuse(503, "busy", "nobody waits for this any more");
        Answer answer = items_page(
            service.cursors, list, found, limit,
            [](const Found& last) {
                return Cursor{"", last.place + 1};
            },
            [&](JsonText& json, const Found& one) { write_found(json, one, words); });
        std::string etag = entity_tag(answer.body);
        return Page{std::move(answer.body), std::move(etag), true};
    });
}

}  // namespace

Answer search_posts(Service& service, const Call& call) {
    const std::string typed = call.parameter("q").value_or("");
    if (search_words(typed).empty() || code_points(typed) > kQueryMax) {
        refuse(400, "bad-parameter", "q must hold a word and at most 200 characters");
    }
    const int limit = page_limit(call);
    const std::string list = "search:" + typed;
    const auto after = cursor_of(service.cursors, call, list);
    const std::int64_t from = after ? after->row : 0;
    // What is found is shown like in a list, so whatever changes a list changes this; one page serves all who ask.
    const std::string key = list + ':' + std::to_string(limit) + ':' + std::to_string(from);
    const SharedPage page = service.pages.get(key, service.store.signals.searches(),
                                              [&] { return found_page(service, call, typed, list, from, limit); });
    return page_answer(*page);
}

}  // namespace forum
