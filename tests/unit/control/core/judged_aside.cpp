// A whole document is judged beside control's thread: what changes meanwhile is looked at again.
#include "tests/unit/control/core/bench.h"

using namespace bench;

namespace {

using config::Split;

Change put_config(const std::string& text) {
    Change c;
    c.verb = "put-config";
    c.caller = {"ci", "127.0.0.1", ""};
    c.document = true;
    c.edit = [model = model_of(text)](const config::Model& now, const Facts&) {
        return edits::replace(now, model, edits::ProcessPart::keep);
    };
    return c;
}

// The configuration of the bench with another split of route forum.
std::string document(const std::string& split) {
    std::string text = kConfig;
    const std::string before = R"({"blue": 100, "green": 0})";
    return text.replace(text.find(before), before.size(), split);
}

struct Judging {
    Bench b{kConfig, {}, true};
    std::optional<Answer> answer;
    explicit Judging(const std::string& split = R"({"green": 1})") {
        b.controller->change(put_config(document(split)), [this](Answer a) { answer.emplace(std::move(a)); });
    }
    void until_answered() {
        b.until([this] { return answer.has_value(); });
    }
};

}  // namespace

TEST_CASE("a document that is being judged has its turn: what comes meanwhile is made after it") {
    Judging j;
    REQUIRE(j.b.aside.size() == 1);
    CHECK_FALSE(j.answer.has_value());
    std::optional<Answer> next;
    j.b.controller->change(split({{"blue", 3}}, "shop"), [&](Answer a) { next.emplace(std::move(a)); });
    CHECK_FALSE(next.has_value());
    j.b.judge_one();
    j.until_answered();
    j.b.until([&] { return next.has_value(); });
    CHECK((*j.answer)->generation == 2);
    CHECK((*next)->generation == 3);
}

TEST_CASE("who went down while it was judged counts: the guard is asked again") {
    Judging j;
    j.b.facts["green"].healthy = 0;
    j.b.facts["green"].by_address["127.0.0.1:9002"].resolved = false;
    j.b.judge_one();
    j.until_answered();
    REQUIRE_FALSE(j.answer->has_value());
    CHECK(j.answer->error().status == 409);
    CHECK(j.b.controller->generation() == 1);
}

TEST_CASE("a rollout that has begun meanwhile holds its route") {
    Judging j;
    j.b.controller->hold_with([](const std::string& route) { return Holder{route == "forum" ? "r1" : "", false}; });
    j.b.judge_one();
    j.until_answered();
    REQUIRE_FALSE(j.answer->has_value());
    CHECK(j.answer->error().detail.find("belongs to rollout r1") != std::string::npos);
}

TEST_CASE("a return that goes before it is not undone by it: it is judged again from what is in force then") {
    Judging j(R"({"blue": 1, "green": 1})");
    auto back = split({{"blue", 9}}, "shop");
    back.unstored_if_need_be = true;
    std::optional<Answer> returned;
    j.b.controller->change(back, [&](Answer a) { returned.emplace(std::move(a)); });
    j.b.until([&] { return returned.has_value(); });
    CHECK((*returned)->generation == 2);
    j.b.judge_one();
    REQUIRE(j.b.aside.size() == 1);  // again
    j.b.judge_one();
    j.until_answered();
    REQUIRE(j.answer->has_value());
    CHECK((*j.answer)->previous == 2);
    CHECK((*j.answer)->generation == 3);
}

TEST_CASE("one that cannot be judged now is refused, to be tried again") {
    Bench b{kConfig, {}, true};
    b.aside_is_full = true;
    const auto answer = b.change(put_config(document(R"({"green": 1})")));
    REQUIRE_FALSE(answer.has_value());
    CHECK(answer.error().kind == kStoreBusy);
    CHECK(b.change(switch_to("green")).has_value());
}

TEST_CASE("a change whose files are being read has its turn, and what comes meanwhile is made after it") {
    Bench b;
    b.files_take_time = true;
    std::optional<Answer> first, next;
    b.controller->change(switch_to("green"), [&](Answer a) { first.emplace(std::move(a)); });
    REQUIRE(b.reading.size() == 1);
    b.controller->change(split({{"blue", 3}}, "shop"), [&](Answer a) { next.emplace(std::move(a)); });
    CHECK(b.reading.size() == 1);
    CHECK_FALSE(first.has_value());
    b.files_take_time = false;
    b.read_one();
    b.until([&] { return first.has_value() && next.has_value(); });
    CHECK((*first)->generation == 2);
    CHECK((*next)->generation == 3);
}

TEST_CASE("an undo waits for the files that tell what of then can be used, and goes by them") {
    Bench b;
    REQUIRE(b.change(switch_to("green")).has_value());
    b.files_take_time = true;
    unsigned asked = 0;
    b.fit_for_return = [&](config::Model&, const config::Model&) {
        ++asked;
        return std::vector<std::string>{};
    };
    std::optional<Answer> undone;
    Change change;
    change.verb = "undo";
    b.controller->undo(1, change, [&](Answer a) { undone.emplace(std::move(a)); });
    REQUIRE(b.reading.size() == 1);
    CHECK(asked == 0);
    b.files_take_time = false;
    b.read_one();
    CHECK(asked == 1);
    b.until([&] { return undone.has_value(); });
    CHECK((*undone)->generation == 3);
}
