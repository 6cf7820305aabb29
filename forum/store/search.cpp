#include "forum/store/search.h"

#include <algorithm>
#include <tuple>

#include "forum/store/post_row.h"
#include "forum/store/text_index.h"

namespace forum {

namespace {

// Ranking reads every match. Words that half of all texts contain are ranked among the newest matches of each kind
// only, which keeps the time of a search bounded as the forum grows. Fewer comments: they are short, so several words
// seldom stand in one, and finding the next that has them all takes longer than ranking it.
constexpr int kRankedPosts = 500;
constexpr int kRankedComments = 150;
// A post that answers as well as a comment comes first: it is what others will answer to.
constexpr double kCommentsCount = 0.8;

#define POST_COLUMNS(BODY)                                                                                       \
    "SELECT p.id, p.public_id, c.slug, p.author_id, u.username, p.title, " BODY                                  \
    ", p.tags, p.created_at, p.edited_at, p.edit_version, p.score, p.comment_count, p.last_activity, p.pinned, " \
    "p.locked"
#define POST_JOINS "JOIN categories c ON c.id = p.category_id JOIN users u ON u.id = p.author_id "

std::optional<Found> found_post(Connection& connection, std::int64_t row) {
    Query query = connection.query(POST_COLUMNS("p.body") " FROM posts p " POST_JOINS
                                                          "WHERE p.id = ? AND p.deleted_at IS NULL"_sql);
    query.with(row);
    if (!query.step()) return std::nullopt;
    return Found{post_row(query), std::nullopt, 0};
}

std::optional<Found> found_comment(Connection& connection, std::int64_t row) {
    Query query = connection.query(POST_COLUMNS(
        "''") ", m.public_id, a.username, m.body, m.created_at FROM comments m "
              "JOIN posts p ON p.id = m.post_id " POST_JOINS
              "JOIN users a ON a.id = m.author_id "
              "WHERE m.id = ? AND m.deleted_at IS NULL AND p.deleted_at IS NULL"_sql);
    query.with(row);
    if (!query.step()) return std::nullopt;
    return Found{post_row(query), FoundComment{query.text(16), query.text(17), query.text(18), query.integer(19)}, 0};
}

struct Place {
    double rank;
    bool in_comment;
    std::int64_t row;
};

// Best first.
std::vector<Place> ranked_places(Connection& connection, std::string_view typed, SearchShare& share) {
    const TextIndex& index = text_index(connection);
    std::vector<Place> places;
    for (const RankedRow& post : index.posts(connection, typed, kRankedPosts, share)) {
        places.push_back({post.rank, false, post.row});
    }
    if (!share.is_over()) {
        for (const RankedRow& comment : index.comments(connection, typed, kRankedComments, share)) {
            places.push_back({comment.rank * kCommentsCount, true, comment.row});
        }
    }
    std::ranges::sort(places, [](const Place& one, const Place& other) {
        return std::tuple(one.rank, one.in_comment, -one.row) < std::tuple(other.rank, other.in_comment, -other.row);
    });
    return places;
}

}  // namespace

std::vector<Found> search(Connection& connection, std::string_view typed, std::int64_t from, int limit,
                          SearchShare share) {
    const auto wanted = static_cast<std::size_t>(limit);
    const std::vector<Place> places = ranked_places(connection, typed, share);
    std::vector<Found> all;
    for (auto at = static_cast<std::size_t>(from); at < places.size() && all.size() < wanted; ++at) {
        const Place& place = places[at];
        auto found = place.in_comment ? found_comment(connection, place.row) : found_post(connection, place.row);
        if (!found) continue;
        found->place = static_cast<std::int64_t>(at);
        all.push_back(std::move(*found));
    }
    return all;
}

}  // namespace forum
