#include "forum/api/possible_refusals.h"

#include <algorithm>

namespace forum {

namespace {

bool any_endpoint(const Endpoint&) {
    return true;
}
bool has_body(const Endpoint& endpoint) {
    return !endpoint.request.empty();
}
bool has_cursor(const Endpoint& endpoint) {
    return endpoint.takes("cursor");
}
bool takes_key(const Endpoint& endpoint) {
    return endpoint.takes("Idempotency-Key");
}
bool takes_if_match(const Endpoint& endpoint) {
    return endpoint.takes("If-Match");
}
bool names_something(const Endpoint& endpoint) {
    return endpoint.pattern.find('{') != std::string_view::npos || endpoint.takes("category");
}
bool for_operators(const Endpoint& endpoint) {
    return endpoint.access == Access::operators || endpoint.access == Access::watchers;
}
bool is_api(const Endpoint& endpoint) {
    return endpoint.pattern.starts_with("/api/");
}
bool needs_login(const Endpoint& endpoint) {
    return endpoint.access != Access::anyone && !for_operators(endpoint);
}
bool shuts_out_banned(const Endpoint& endpoint) {
    return needs_login(endpoint) && endpoint.access != Access::member;
}
bool needs_role(const Endpoint& endpoint) {
    constexpr std::string_view kOwn = "createPost editPost deletePost editComment deleteComment";
    return endpoint.access == Access::moderator || endpoint.access == Access::admin || for_operators(endpoint) ||
           has_word(kOwn, endpoint.operation);
}
bool writes(const Endpoint& endpoint) {
    return endpoint.method != "GET" && !for_operators(endpoint);
}

bool is_limited(const Endpoint& endpoint) {
    return writes(endpoint) || endpoint.takes("q");
}

template <std::size_t Size>
struct Operations {
    char text[Size] = {};
    consteval Operations(const char (&names)[Size]) { std::copy_n(names, Size, text); }
};

template <Operations Names>
bool is(const Endpoint& endpoint) {
    return has_word(std::string_view(Names.text), endpoint.operation);
}

struct PossibleRefusal {
    int status;
    std::string_view slug;
    bool (*fits)(const Endpoint&);
};

constexpr PossibleRefusal kRefusals[] = {
    {400, "malformed-text", &any_endpoint},
    {400, "bad-framing", &any_endpoint},
    {400, "malformed-json", &has_body},
    {400, "bad-parameter", &is_api},
    {400, "bad-cursor", &has_cursor},
    {400, "bad-idempotency-key", &takes_key},
    {401, "login-needed", &needs_login},
    {401, "invalid-token", &is_api},
    {401, "operator-token-needed", &for_operators},
    {401, "wrong-login", &is<"logIn">},
    {401, "invalid-refresh-token", &is<"refresh">},
    {401, "refresh-token-reused", &is<"refresh">},
    {403, "banned", &shuts_out_banned},
    {403, "forbidden", &needs_role},
    {403, "locked", &is<"createComment">},
    {403, "wrong-password", &is<"changePassword">},
    {403, "bad-setup-token", &is<"register">},
    {404, "not-found", &names_something},
    {409, "name-taken", &is<"register">},
    {409, "slug-taken", &is<"createCategory">},
    {409, "deleted", &is<"editComment voteOnComment">},
    {409, "oneself", &is<"banUser unbanUser setUserRole voteOnPost voteOnComment">},
    {409, "resolved", &is<"resolveReport">},
    {408, "too-slow", &any_endpoint},
    {412, "edited-meanwhile", &takes_if_match},
    {413, "too-large", &has_body},
    {414, "target-too-long", &any_endpoint},
    {415, "unsupported-media-type", &has_body},
    {422, "invalid-fields", &has_body},
    {422, "idempotency-key-reused", &takes_key},
    {429, "too-many", &is_limited},
    {431, "head-too-large", &any_endpoint},
    {500, "internal", &any_endpoint},
    {500, "outcome-unknown", &writes},
    {500, "rehearsed", &any_endpoint},
    {503, "busy", &is_api},
    {503, "starting", &is<"startupz">},
};

}  // namespace

std::map<int, std::string> possible_refusals(const Endpoint& endpoint) {
    std::map<int, std::string> all;
    for (const PossibleRefusal& refusal : kRefusals) {
        if (!refusal.fits(endpoint)) continue;
        std::string& slugs = all[refusal.status];
        if (!slugs.empty()) slugs += ", ";
        slugs += refusal.slug;
    }
    return all;
}

}  // namespace forum
