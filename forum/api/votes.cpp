#include "forum/api/votes.h"

#include "forum/api/comments.h"
#include "forum/api/json_input.h"
#include "forum/api/json_text.h"
#include "forum/api/posts.h"
#include "forum/store/votes.h"

namespace forum {

namespace {

int value_from(const Call& call) {
    JsonInput input(call);
    const auto value = static_cast<int>(input.integer("value", -1, 1));
    input.finish();
    return value;
}

// Where many vote, one's own voice for oneself only says that one has found the button.
void require_voter(const Service& service, const Call& call, std::int64_t author, int value) {
    if (service.limits.own_votes || value == 0 || author != call.caller.row) return;
    refuse(409, "oneself", "you wrote this; others vote on it");
}

Answer score_answer(std::int64_t score, int value) {
    JsonText json;
    json.begin_object().member("score", score).member("value", value).end_object();
    return json_answer(200, json.take());
}

}  // namespace

Answer vote_on_post(Service& service, const Call& call) {
    const int value = value_from(call);
    return run_change(service, call, [&](Connection& connection) {
        const Post post = post_to_show(connection, call);
        require_voter(service, call, post.author_row, value);
        return score_answer(vote_on_post(connection, post, call.caller.row, value, now()), value);
    });
}

Answer vote_on_comment(Service& service, const Call& call) {
    const int value = value_from(call);
    return run_change(service, call, [&](Connection& connection) {
        const Comment comment = comment_to_show(connection, call);
        if (comment.deleted) refuse(409, "deleted", "this comment is deleted");
        require_voter(service, call, comment.author_row, value);
        return score_answer(vote_on_comment(connection, comment, call.caller.row, value, now()), value);
    });
}

}  // namespace forum
