#include "proxy/serve/challenge.h"

#include <algorithm>
#include <string_view>

namespace switchyard::serve {
namespace {

constexpr std::string_view kChallenges = "/.well-known/acme-challenge/";
constexpr std::size_t kLongestToken = 128;

// Other programs write a file and tell the authority at once, which may be here before control has seen the file: it
// looks every quarter of a second. An authority waits for ten seconds and more.
constexpr std::int64_t kWaitMs = 2'000;
constexpr std::int64_t kLookMs = 20;
// Bounds the waiting of a client that asks a listener for challenges that are not there.
constexpr std::uint32_t kMostWaiting = 64;

// Base64url; nothing else is a token, and nothing else is looked for.
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= kLongestToken && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

std::string_view token_of(const route::Asked& asked) {
    if (asked.method() != "GET" && asked.method() != "HEAD") return {};
    const std::string_view path = asked.target.path;
    if (!path.starts_with(kChallenges) || !asked.target.query.empty()) return {};
    const auto token = path.substr(kChallenges.size());
    return is_token(token) ? token : std::string_view{};
}

// By the pinned generation.
bool open_challenge(std::string_view token, Course& course) {
    const ListenerPlan& plan = *course.listener;
    course.proof = plan.challenges ? plan.challenges->answer(token, plan.challenge_folder) : nullptr;
    return course.proof != nullptr;
}

}  // namespace

bool asks_for_token(const route::Asked& asked) {
    return !token_of(asked).empty();
}

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

net::Task<bool> find_challenge(Phase& phase, const ClientLane& client, const route::Asked& asked, Course& course) {
    const auto token = token_of(asked);
    if (open_challenge(token, course)) co_return true;
    auto& waiting = client.connection().place().challenges_awaited;
    if (course.listener->challenge_folder.empty() || waiting >= kMostWaiting) co_return false;
    const WaitsForChallenge counted(waiting);
    for (const std::int64_t until = phase.now_ms() + kWaitMs; phase.now_ms() < until;) {
        phase.at_most(kLookMs);
        while (!phase.strand().expired()) {
            co_await phase.sleep();
            if (client.broken() || client.closing()) co_return false;
        }
        if (!course.outdated()) continue;
        course.take_anew();
        if (open_challenge(token, course)) co_return true;
    }
    co_return false;
}

}  // namespace switchyard::serve
