// An authority asks whether a host is ours (ACME, http-01): answered before any route is looked for, so also before a
// redirect to https.
#include <algorithm>

#include "proxy/http/local_reply.h"
#include "proxy/serve/exchange.h"

namespace switchyard::serve {
namespace {

constexpr std::string_view kChallenges = "/.well-known/acme-challenge/";
constexpr std::size_t kLongestToken = 128;

// Other programs write a file and tell the authority at once, which may be here before control has seen the file: it
// looks every quarter of a second. An authority waits for ten seconds and more.
constexpr std::int64_t kWaitMs = 2'000;
constexpr std::int64_t kLookMs = 20;
// Whoever asks a listener for what there is not has no more of them waiting.
constexpr std::uint32_t kMostWaiting = 64;

// Base64url (RFC 8555 §8.3); nothing else is a token, and nothing else is looked for.
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= kLongestToken && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

}  // namespace

// Gives its place back also when the worker stops in the middle. Named outside: it lives in the frame of a coroutine.
class WaitsForChallenge {
  public:
    explicit WaitsForChallenge(std::uint32_t& all) : all_(all) { ++all_; }
    ~WaitsForChallenge() { --all_; }
    WaitsForChallenge(const WaitsForChallenge&) = delete;
    WaitsForChallenge& operator=(const WaitsForChallenge&) = delete;

  private:
    std::uint32_t& all_;
};

std::string_view Exchange::challenge_token() const {
    const auto target = asked_.head.target.of(base());
    if (!target.starts_with(kChallenges) || (asked_.method() != "GET" && asked_.method() != "HEAD")) return {};
    const auto token = target.substr(kChallenges.size());
    return is_token(token) ? token : std::string_view{};
}

// By the pinned generation.
const std::string* Exchange::open_challenge(std::string_view token) const {
    const ListenerPlan& plan = *course_.listener;
    return plan.challenges ? plan.challenges->answer(token, plan.challenge_folder) : nullptr;
}

// What the pinned listener answers with; null: it is a request like any other. Where others put their challenges in a
// folder, a little later may be in time.
net::Task<const std::string*> Exchange::find_challenge() {
    const auto token = challenge_token();
    if (token.empty()) co_return nullptr;
    if (const auto* found = open_challenge(token)) co_return found;
    if (course_.listener->challenge_folder.empty() || client_.place().challenges_awaited >= kMostWaiting)
        co_return nullptr;
    const WaitsForChallenge counted(client_.place().challenges_awaited);
    for (const std::int64_t until = context_.now_ms + kWaitMs; context_.now_ms < until && !context_.stopping;) {
        strand_.set_deadline(context_.now_ms + kLookMs);
        while (!strand_.expired()) {
            co_await strand_.sleep();
            if (client_.broken()) co_return nullptr;
        }
        if (!course_.outdated()) continue;
        course_.take_anew();
        if (const auto* found = open_challenge(token)) co_return found;
    }
    co_return nullptr;
}

net::Task<Exchange::Next> Exchange::answer_challenge(std::string_view key_authorization) {
    const bool keep = asked_.guarded.body.kind == http::Body::Kind::none && !asked_.guarded.expect_continue &&
                      asked_.guarded.keep_alive && !closing();
    name_request();
    http::LocalReply reply;
    reply.status = 200;
    reply.body = key_authorization;
    reply.content_type = "application/octet-stream";
    reply.request_id = request_id_.text();
    reply.date_line = context_.date();
    reply.close = !keep;
    reply.head_only = asked_.method() == "HEAD";
    account_.record.status = reply.status;
    net::Buffer out(context_.buffers);
    http::Writer writer(out.room());
    write_own_answer(writer, reply);
    co_return co_await send_reply(writer.text(), keep);
}

}  // namespace switchyard::serve
