// A controller on a bench: the real store, compiler and registry; the test plays the workers.
#pragma once

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <optional>

#include "config/fields/render.h"
#include "config/parse.h"
#include "control/core/controller.h"
#include "control/edits/replace.h"
#include "control/edits/split.h"
#include "control/edits/switch.h"
#include "proxy/snapshot/registry.h"
#include "proxy/snapshot/snapshot.h"
#include "tests/unit/control/store/scratch_dir.h"

namespace bench {

using namespace switchyard;
using namespace switchyard::control;

inline const char* kConfig = R"({
  "listeners": [],
  "upstreams": {"blue": {"endpoints": [{"address": "127.0.0.1:9001"}], "health": {"type": "none"}},
                "green": {"endpoints": [{"address": "127.0.0.1:9002"}], "health": {"type": "none"}}},
  "routes": [{"name": "forum", "split": {"blue": 100, "green": 0}},
             {"name": "shop", "match": {"hosts": ["shop.example"]}, "split": {"blue": 1}}]})";

inline config::Model model_of(const std::string& text) {
    auto parsed = config::parse(std::string_view(text));
    REQUIRE_MESSAGE(parsed.model.has_value(), (parsed.errors.empty() ? "" : parsed.errors[0].detail));
    return std::move(*parsed.model);
}

// A disk that answers at once, or when it is told to.
struct TestWriter : StoreWriter {
    Store& store;
    bool hangs = false;
    std::deque<std::pair<Write, Done>> waiting;

    explicit TestWriter(Store& s) : store(s) {}
    void write(Write w, Done done) override {
        if (hangs) return waiting.emplace_back(std::move(w), std::move(done)), void();
        auto result = w(store);
        if (done) done(std::move(result));
    }
    // The oldest write is done now.
    void answer_one() {
        auto [w, done] = std::move(waiting.front());
        waiting.pop_front();
        auto result = w(store);
        if (done) done(std::move(result));
    }
    void answers() {
        hangs = false;
        while (!waiting.empty()) answer_one();
    }
};

struct Bench {
    ScratchDir dir;
    boost::asio::io_context io;
    Registry registry{2};
    std::unique_ptr<Store> store;
    std::unique_ptr<TestWriter> writer;
    std::vector<std::uint64_t> published;
    Facts facts{{"blue", {1, 1, 0}}, {"green", {1, 1, 0}}};
    std::vector<std::pair<std::uint64_t, std::set<std::uint32_t>>> cuts;
    std::unique_ptr<Controller> controller;
    bool adopt_at_once = true;
    // Documents, as another thread has them: each is judged when the test says so.
    bool judges_aside = false, aside_is_full = false;
    std::deque<std::pair<std::function<void()>, std::function<void()>>> aside;
    void judge_one() {
        const auto [work, then] = std::move(aside.front());
        aside.pop_front();
        work();
        then();
    }
    // In place of the real one, for configurations that no machine could serve.
    std::function<CompileResult(std::shared_ptr<const config::Model>, std::uint64_t)> compiler;

    // What of a generation that is returned to cannot be used any more.
    std::function<std::vector<std::string>(config::Model&, const config::Model&)> fit_for_return;
    unsigned returns_over = 0;
    // What stands behind the doors of the controller.
    struct Behind : DataPlane, NamedFiles, LongWork {
        explicit Behind(Bench& bench_) : bench(bench_) {}
        CompileResult compile(std::shared_ptr<const config::Model> model, std::uint64_t generation) override {
            return bench.compiler ? bench.compiler(model, generation)
                                  : switchyard::compile(std::move(model), generation, bench.registry);
        }
        void publish(std::shared_ptr<const Snapshot> snapshot) override {
            bench.published.push_back(snapshot->generation);
            if (!bench.adopt_at_once) return;
            boost::asio::post(bench.io, [&bench = bench, g = snapshot->generation] { bench.adopt(g); });
        }
        void follow(const config::Model&) override {}
        Facts facts(const config::Model&) const override { return bench.facts; }
        std::uint32_t upstream_id(const std::string& name) const override { return bench.registry.upstream(name); }
        void cut(std::uint64_t before, const std::set<std::uint32_t>& upstreams) override {
            bench.cuts.emplace_back(before, upstreams);
        }
        void read_first(const config::Model&, std::function<void()> then) override {
            if (!bench.files_take_time) return then();
            bench.reading.push_back(std::move(then));
        }
        std::vector<std::string> fit_for_return(config::Model& earlier, const config::Model& now) override {
            return bench.fit_for_return ? bench.fit_for_return(earlier, now) : std::vector<std::string>{};
        }
        void return_over() override { ++bench.returns_over; }
        bool run(std::function<void()> work, std::function<void()> then) override {
            if (bench.aside_is_full) return false;
            bench.aside.emplace_back(std::move(work), std::move(then));
            return true;
        }
        Bench& bench;
    };
    Behind doors{*this};
    // Files that changes are the first to name are here when the test says so.
    bool files_take_time = false;
    std::deque<std::function<void()>> reading;
    void read_one() {
        const auto then = std::move(reading.front());
        reading.pop_front();
        then();
    }

    // Of SQLite; empty: the system's own.
    const std::string file_system;

    explicit Bench(const std::string& text = kConfig, std::string vfs = {}, bool aside_ = false)
        : judges_aside(aside_), file_system(std::move(vfs)) {
        open_store();
        auto model = std::make_shared<const config::Model>(model_of(text));
        Commit first;
        first.generation = {1, 0, config::render_text(*model), "at", "file", "", "start", "", {}};
        REQUIRE(store->commit(first).has_value());
        start(model, 1);
    }
    void open_store() {
        auto opened = file_system.empty() ? Store::open(dir / "db") : Store::open(dir / "db", {file_system});
        REQUIRE(opened.has_value());
        store = std::move(opened->store);
        writer = std::make_unique<TestWriter>(*store);
    }
    void start(std::shared_ptr<const config::Model> model, std::uint64_t generation) {
        controller = std::make_unique<Controller>(io.get_executor(), 2U, *store, *writer,
                                                  Controller::Doors{doors, doors, judges_aside ? &doors : nullptr});
        auto first = compiler ? compiler(model, generation) : compile(model, generation, registry);
        REQUIRE(first.errors.empty());
        controller->begin(std::move(model), std::move(first.snapshot), generation);
        adopt(generation);
    }
    // As after kill -9: a new controller on the same state file.
    void restart() {
        controller->stop();
        controller.reset();
        store.reset();
        open_store();
        const auto newest = **store->newest();
        start(std::make_shared<const config::Model>(model_of(newest.config)), newest.number);
        REQUIRE(controller->resume_pending().has_value());
    }
    void adopt(std::uint64_t generation, std::vector<InFlight> older = {}) {
        controller->adopted(0, generation, older);
        controller->adopted(1, generation, older);
    }
    // Runs what is due until `done` holds; fails loudly when it never does.
    template <class Done>
    void until(Done done) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (!done()) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            io.restart();
            io.run_one_for(std::chrono::milliseconds(50));
        }
    }
    Answer change(Change c) {
        std::optional<Answer> answer;
        controller->change(std::move(c), [&](Answer a) { answer.emplace(std::move(a)); });
        until([&] { return answer.has_value(); });
        return *answer;
    }
    Answer undo(std::uint64_t to, Change c = {}) {
        std::optional<Answer> answer;
        c.verb = "undo";
        c.caller = {"ci", "127.0.0.1", ""};
        controller->undo(to, std::move(c), [&](Answer a) { answer.emplace(std::move(a)); });
        until([&] { return answer.has_value(); });
        return *answer;
    }
    Result<void> confirm(std::uint64_t generation) {
        std::optional<Result<void>> answer;
        controller->confirm(generation, {"ci", "", ""}, [&](Result<void> a) { answer.emplace(std::move(a)); });
        until([&] { return answer.has_value(); });
        return *answer;
    }
    Result<WallTime> wait_on(std::uint64_t generation, std::chrono::milliseconds within, const Caller& caller) {
        std::optional<Result<WallTime>> answer;
        controller->wait_on(generation, within, caller, [&](Result<WallTime> a) { answer.emplace(std::move(a)); });
        until([&] { return answer.has_value(); });
        return *answer;
    }
    std::string config() const { return config::render_text(controller->model()); }
};

inline Change switch_to(const std::string& upstream, const std::string& route = "forum") {
    Change c;
    c.verb = "switch";
    c.caller = {"ci", "127.0.0.1", "release"};
    c.edit = [=](const config::Model& m, const Facts& f) {
        return edits::apply(m, f, edits::Switch{route, upstream, 1, false});
    };
    return c;
}

inline Change split(config::Split weights, const std::string& route = "forum") {
    Change c;
    c.verb = "split";
    c.caller = {"ci", "127.0.0.1", ""};
    c.edit = [=](const config::Model& m, const Facts& f) {
        return edits::apply(m, f, edits::SetSplit{route, weights});
    };
    return c;
}

}  // namespace bench
