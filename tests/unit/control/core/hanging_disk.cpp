// A disk that does not answer: changes wait for it, in their order, and nothing else does.
#include <nlohmann/json.hpp>

#include "tests/unit/control/core/bench.h"

using namespace bench;

namespace {

using config::Split;

// What a caller has asked for, and what came of it.
struct Asked {
    std::optional<Answer> answer;
    bool answered() const { return answer.has_value(); }
};

std::shared_ptr<Asked> ask(Bench& b, Change c) {
    auto asked = std::make_shared<Asked>();
    b.controller->change(std::move(c), [asked](Answer a) { asked->answer.emplace(std::move(a)); });
    return asked;
}

// Everything that is due on the loop, but no waiting for timers.
void turn(Bench& b) {
    b.io.restart();
    b.io.poll();
}

Change going_back(Split weights) {
    auto c = split(std::move(weights));
    c.verb = "rollout";
    c.unstored_if_need_be = c.settles_pending = c.force = true;
    return c;
}

Split in_force(const Bench& b, std::size_t route = 0) {
    return b.controller->model().routes[route].split;
}

}  // namespace

TEST_CASE("a change is neither published nor answered before it is durable, and nothing waits with it but changes") {
    Bench b;
    b.writer->hangs = true;
    const auto first = ask(b, switch_to("green"));
    turn(b);
    CHECK_FALSE(first->answered());
    CHECK(b.published.empty());
    CHECK(b.controller->generation() == 1);
    // Adoption, reading and dry runs go by what is in force.
    b.adopt(1);
    CHECK(b.controller->adoption().everywhere(1));
    CHECK((**b.store->newest()).number == 1);
    auto look = split({{"blue", 1}, {"green", 1}});
    look.dry_run = true;
    const auto looked = ask(b, look);
    REQUIRE(looked->answered());
    CHECK((*looked->answer)->generation == 2);
    CHECK((*looked->answer)->dry_run);
    b.writer->answers();
    b.until([&] { return first->answered(); });
    CHECK((*first->answer)->generation == 2);
    CHECK(b.published == std::vector<std::uint64_t>{2});
}

TEST_CASE("changes that come meanwhile are made one after the other in their order, each from the one before it") {
    Bench b;
    b.writer->hangs = true;
    const auto first = ask(b, split({{"blue", 9}, {"green", 1}}));
    const auto second = ask(b, split({{"blue", 3}}, "shop"));
    auto stale = switch_to("green");
    stale.if_match = 1;  // true now, and no longer when its turn comes
    const auto third = ask(b, stale);
    const auto fourth = ask(b, switch_to("green", "shop"));
    turn(b);
    CHECK(b.writer->waiting.size() == 1);  // one at a time
    b.writer->answers();
    b.until([&] { return fourth->answered(); });
    CHECK((*first->answer)->generation == 2);
    CHECK((*second->answer)->generation == 3);
    REQUIRE_FALSE(third->answer->has_value());
    CHECK(third->answer->error().status == 412);
    CHECK((*fourth->answer)->generation == 4);
    CHECK(in_force(b) == Split{{"blue", 9}, {"green", 1}});
    for (std::uint64_t g = 2; g <= 4; ++g) CHECK((**b.store->generation(g)).parent == g - 1);
    CHECK(b.published == std::vector<std::uint64_t>{2, 3, 4});
}

TEST_CASE("more than may wait are refused at once, to be tried again, and their keys stand for nothing") {
    Bench b;
    b.writer->hangs = true;
    std::vector<std::shared_ptr<Asked>> asked;
    for (std::uint32_t i = 0; i <= Turns::kMostWaiting; ++i)
        asked.push_back(ask(b, split({{"blue", i + 2}, {"green", 1}})));
    turn(b);
    auto one_more = switch_to("green");
    one_more.idempotency_key = "k", one_more.fingerprint = "f";
    const auto refused = ask(b, one_more);
    REQUIRE(refused->answered());
    CHECK(refused->answer->error().status == 503);
    CHECK(refused->answer->error().kind == kStoreBusy);
    b.writer->answers();
    b.until([&] { return asked.back()->answered(); });
    for (const auto& a : asked) CHECK(a->answer->has_value());
    const auto again = b.change(one_more);
    REQUIRE(again.has_value());
    CHECK(again->repeated_now == 0);
}

TEST_CASE("who repeats a call that waits for the disk gets its answer, and it is done once") {
    Bench b;
    auto call = switch_to("green");
    call.idempotency_key = "k", call.fingerprint = "f";
    b.writer->hangs = true;
    const auto first = ask(b, call);
    const auto again = ask(b, call);
    auto other = call;
    other.fingerprint = "g";
    CHECK(ask(b, other)->answer->error().status == 422);
    b.writer->answers();
    b.until([&] { return first->answered() && again->answered(); });
    CHECK((*first->answer)->generation == 2);
    CHECK((*again->answer)->generation == 2);
    CHECK(b.controller->generation() == 2);
}

TEST_CASE("an undo that waited goes back from what is in force when its turn comes") {
    Bench b;
    b.writer->hangs = true;
    const auto change = ask(b, split({{"blue", 9}, {"green", 1}}));
    auto undone = std::make_shared<Asked>();
    Change c;
    c.verb = "undo";
    b.controller->undo(0, c, [undone](Answer a) { undone->answer.emplace(std::move(a)); });
    turn(b);
    CHECK_FALSE(undone->answered());
    b.writer->answers();
    b.until([&] { return undone->answered(); });
    CHECK((*undone->answer)->generation == 3);
    CHECK(in_force(b) == Split{{"blue", 100}, {"green", 0}});
}

TEST_CASE("a confirmation that the disk holds up counts from when it came, and the deadline from when it is in force") {
    Bench b;
    auto change = switch_to("green");
    change.confirm_within = std::chrono::milliseconds(1);
    b.writer->hangs = true;
    SUBCASE("confirmed in time, durable after it") {
        change.confirm_within = std::chrono::milliseconds(1000);
        b.writer->hangs = false;
        REQUIRE(b.change(change).has_value());
        b.writer->hangs = true;
        bool confirmed = false;
        b.controller->confirm(2, {"ci", "", ""}, [&](const Result<void>& done) { confirmed = done.has_value(); });
        // The deadline passes meanwhile: the undo waits behind the confirmation, and finds it.
        const auto passed = std::chrono::system_clock::now() + std::chrono::milliseconds(1001);
        b.until([&] { return std::chrono::system_clock::now() > passed; });
        turn(b);
        CHECK_FALSE(confirmed);
        b.writer->answers();
        b.until([&] { return confirmed; });
        turn(b);
        turn(b);
        CHECK(b.controller->generation() == 2);
        CHECK_FALSE(b.controller->pending().has_value());
    }
    SUBCASE("the time begins when the change is in force") {
        const auto asked = ask(b, change);
        const auto promised = std::chrono::system_clock::now() + std::chrono::milliseconds(2);
        b.until([&] { return std::chrono::system_clock::now() > promised; });
        const auto before = unix_ms(std::chrono::system_clock::now());
        b.writer->answers();
        REQUIRE(b.controller->pending().has_value());
        CHECK(b.controller->pending()->deadline_ms > before);
        b.until([&] { return asked->answered() && b.controller->generation() == 3; });
    }
}

TEST_CASE("a return waits a second for a disk that hangs, and is in force then; it is stored when the disk answers") {
    Bench b;
    REQUIRE(b.change(split({{"blue", 1}, {"green", 1}})).has_value());
    b.writer->hangs = true;
    const auto back = ask(b, going_back({{"blue", 1}, {"green", 0}}));
    turn(b);
    CHECK(b.controller->generation() == 2);
    b.until([&] { return back->answered(); });
    CHECK((*back->answer)->generation == 3);
    CHECK(to_json(**back->answer)["unstored"].get<std::string>().find("does not answer") != std::string::npos);
    CHECK(b.controller->unstored().commits.size() == 1);
    const auto next = ask(b, split({{"blue", 9}}, "shop"));
    // Another return while the first one is still on its way to the disk.
    const auto further = ask(b, going_back({{"blue", 7}, {"green", 0}}));
    b.until([&] { return further->answered(); });
    CHECK((*further->answer)->generation == 4);
    b.writer->answers();
    b.until([&] { return next->answered() && b.controller->unstored().commits.empty(); });
    CHECK((*next->answer)->generation == 5);
    for (std::uint64_t g = 3; g <= 5; ++g) CHECK((**b.store->generation(g)).parent == g - 1);
    CHECK((*b.store->verify_audit()).intact);
}

TEST_CASE("a return goes before a change that hangs: that one is withdrawn, whatever the disk says of it later") {
    Bench b;
    REQUIRE(b.change(split({{"blue", 1}, {"green", 1}})).has_value());
    b.writer->hangs = true;
    auto call = split({{"blue", 5}}, "shop");
    call.idempotency_key = "k", call.fingerprint = "f";
    const auto hung = ask(b, call);
    const auto back = ask(b, going_back({{"blue", 1}, {"green", 0}}));
    b.until([&] { return back->answered(); });
    REQUIRE(hung->answered());
    CHECK(hung->answer->error().kind == kStoreBusy);
    CHECK((*back->answer)->generation == 4);  // 3 may be durable
    CHECK(in_force(b) == Split{{"blue", 1}, {"green", 0}});
    CHECK(in_force(b, 1) == Split{{"blue", 1}});
    // The caller tries again: it is not taken for done.
    b.writer->answer_one();
    const auto again = ask(b, call);
    b.writer->answers();
    b.until([&] { return again->answered() && b.controller->unstored().commits.empty(); });
    REQUIRE_MESSAGE(again->answer->has_value(), again->answer->error().detail);
    CHECK((*again->answer)->generation == 5);
    CHECK((**b.store->generation(4)).parent == 2);
    b.restart();
    CHECK(b.controller->generation() == 5);
    CHECK(in_force(b, 1) == Split{{"blue", 5}});
    CHECK((*b.store->verify_audit()).intact);
    CHECK(b.change(call)->generation == 5);
}

TEST_CASE("a process that ends while the disk hangs stores what was given to it, and answers nobody who waited") {
    Bench b;
    b.writer->hangs = true;
    const auto first = ask(b, switch_to("green"));
    const auto second = ask(b, switch_to("green", "shop"));
    b.controller->stop();
    b.writer->answers();
    turn(b);
    CHECK_FALSE(first->answered());
    CHECK_FALSE(second->answered());
    CHECK((**b.store->newest()).number == 2);
}
