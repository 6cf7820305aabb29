#include "forum/store/search.h"

#include <algorithm>
#include <tuple>

#include "forum/store/post_row.h"

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

// Ranks the matches of one index until there are no more or the search has had its share; what it did not come to is
// not found. At least one is ranked: the share may be over before it begins.
void rank_matches(Query& ranked, double counts, bool in_comment, SearchShare& share, std::vector<Place>& places) {
    while (ranked.step()) {
        places.push_back({ranked.real(1) * counts, in_comment, ranked.integer(0)});
        if (share.is_over()) return;
    }
}

// Best first.
std::vector<Place> ranked_places(Connection& connection, std::string_view match_expression, SearchShare& share) {
    std::vector<Place> places;
    // A hit in the title weighs as much as ten in the body.
    Query posts = connection.query(
        "SELECT rowid, search_share(post_search, 10.0, 1.0, 'posts', ?1) FROM post_search WHERE post_search MATCH ?1 "
        "ORDER BY rowid DESC LIMIT ?2"_sql);
    posts.with(match_expression, kRankedPosts);
    rank_matches(posts, 1, false, share, places);
    Query comments = connection.query(
        "SELECT rowid, search_share(comment_search, 1.0, 1.0, 'comments', ?1) FROM comment_search "
        "WHERE comment_search MATCH ?1 ORDER BY rowid DESC LIMIT ?2"_sql);
    comments.with(match_expression, kRankedComments);
    if (!share.is_over()) rank_matches(comments, kCommentsCount, true, share, places);
    std::ranges::sort(places, [](const Place& one, const Place& other) {
        return std::tuple(one.rank, one.in_comment, -one.row) < std::tuple(other.rank, other.in_comment, -other.row);
    });
    return places;
}

}  // namespace

std::vector<Found> search(Connection& connection, std::string_view match_expression, std::int64_t from, int limit,
                          SearchShare share) {
    const auto wanted = static_cast<std::size_t>(limit);
    const std::vector<Place> places = ranked_places(connection, match_expression, share);
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
