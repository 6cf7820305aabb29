// A thousand random edits, each a generation: from there undo leads to any of them, to the byte, and the JSON Patch
// between any two leads from the one to the other.
#include "config/check/validate.h"
#include "control/admin/handlers/json_patch.h"
#include "tests/support/random_model.h"
#include "tests/unit/control/core/bench.h"

using namespace bench;
using nlohmann::ordered_json;

namespace {

constexpr int kEdits = 1000;
constexpr int kUndos = 100;
constexpr int kPatches = 300;
constexpr std::uint64_t kSeed = 20261121;

// A snapshot that routes nothing: what is tested is what becomes of the configuration.
CompileResult anything(std::shared_ptr<const config::Model> model, std::uint64_t generation) {
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->generation = generation;
    snapshot->model = std::move(model);
    return {std::move(snapshot), {}};
}

Change replace_with(const config::Model& wanted) {
    Change c;
    c.verb = "replace";
    c.caller = {"ci", "127.0.0.1", ""};
    c.force = true;  // some edits take every endpoint away, and there is no operator to ask
    c.edit = [wanted](const config::Model& now, const Facts&) {
        return edits::replace(now, wanted, edits::ProcessPart::keep);
    };
    return c;
}

}  // namespace

TEST_CASE("after a thousand random edits undo to a random one gives the same bytes") {
    Bench b;
    b.compiler = anything;
    config::Rng rng(kSeed);
    const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(rng); };
    std::vector<std::string> texts{"", b.config()};  // by generation; none has the number 0
    while (texts.size() <= kEdits + 1) {
        auto edited = config::random_edit(rng, b.controller->model());
        edited.process = b.controller->model().process;
        if (edited == b.controller->model() || !config::validate(edited).empty()) continue;
        const auto answer = b.change(replace_with(edited));
        REQUIRE_MESSAGE(answer.has_value(), (answer ? "" : answer.error().detail));
        REQUIRE(answer->generation == texts.size());
        texts.push_back(b.config());
    }
    for (int n = 0; n < kUndos; ++n) {
        const auto to = 1 + below(texts.size() - 1);
        CAPTURE(to);
        Change back;
        back.force = true;
        REQUIRE(b.undo(to, back).has_value());
        REQUIRE(b.config() == texts[to]);
        const auto stored = b.store->generation(b.controller->generation());
        REQUIRE(stored.has_value());
        REQUIRE((*stored)->config == texts[to]);
    }
    b.restart();
    Change back;
    back.force = true;
    CHECK(b.undo(1, back).has_value());
    CHECK(b.config() == texts[1]);

    for (int n = 0; n < kPatches; ++n) {
        const auto from = 1 + below(texts.size() - 1), to = 1 + below(texts.size() - 1);
        CAPTURE(from);
        CAPTURE(to);
        const auto a = ordered_json::parse(texts[from]), z = ordered_json::parse(texts[to]);
        const auto patched = a.patch(json_patch(a, z));
        // Keys in any order, as JSON has it; what order says is looked at by reading the result as a configuration.
        REQUIRE(nlohmann::json(patched) == nlohmann::json(z));
        REQUIRE(model_of(patched.dump()) == model_of(texts[to]));
    }
}

TEST_CASE("a patch that only changes which upstream of a split is the first says so") {
    const auto a = ordered_json::parse(R"({"routes": [{"name": "r", "split": {"blue": 1, "green": 2}}]})");
    const auto b = ordered_json::parse(R"({"routes": [{"name": "r", "split": {"green": 2, "blue": 1}}]})");
    CHECK(json_patch(a, a).empty());
    CHECK(a.patch(json_patch(a, b)).dump() == b.dump());
    CHECK(b.patch(json_patch(b, a)).dump() == a.dump());
}
