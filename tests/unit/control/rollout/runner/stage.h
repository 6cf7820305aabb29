// A process around live rollouts that is not there: clock, workers, disk and controller are told what to do.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/rollout/runner/rollouts.h"

class Stage {
  public:
    using Json = nlohmann::ordered_json;
    static constexpr std::uint32_t kRoute = 7, kBlue = 1, kGreen = 2;

    explicit Stage(bool sticky = false) {
        namespace config = switchyard::config;
        model.upstreams["blue"];
        model.upstreams["green"];
        config::Route route;
        route.name = "forum";
        route.split = {{"blue", 1}};
        if (sticky) route.sticky = config::Sticky{};
        model.routes = {route};
        again();
    }

    // A process that starts on what the disk holds.
    void again() {
        using namespace switchyard::control;
        rollouts = std::make_unique<rollout::Rollouts>(rollout::Doors{doors, doors, doors, doors, doors, doors}, keep);
        rollouts->restore(disk);
    }

    // Another process goes on where this one is, with what crosses as text.
    void handed_on_by(Stage& before) {
        using namespace switchyard::control;
        const auto told = Json::parse(before.rollouts->handed_on().dump());
        model = before.model, generation = before.generation, disk = before.disk;
        next_bucket_ = before.next_bucket_, spread_ = before.spread_;  // the same users come
        rollouts = std::make_unique<rollout::Rollouts>(rollout::Doors{doors, doors, doors, doors, doors, doors}, keep);
        rollouts->restore(disk, told);
    }

    void write(const std::string& id, const std::string& text,
               const switchyard::control::rollout::Journals::Kept& done) {
        using namespace switchyard::control;
        if (!disk_full) disk[id] = text;
        if (!disk_full && kept) kept(id);
        if (done) done(disk_full ? Result<void>(problems::store_full("no room")) : Result<void>());
    }
    // The disk answers again, in the order of what it was given.
    void disk_answers() {
        disk_hangs = false;
        while (!hung.empty()) {
            const auto oldest = hung.front();
            hung.erase(hung.begin());
            oldest();
        }
    }

    void publish(switchyard::control::Change change, switchyard::control::Answered done) {
        using namespace switchyard::control;
        verb = change.verb, forced = change.force;
        if (refuse) return done(problems::conflict("refused"));
        if (changes_wait) return waiting_changes.push_back([this, change, done] { publish(change, done); });
        if (store_full && !change.unstored_if_need_be) return done(problems::store_full("no room"));
        auto next = change.edit(model, Facts{});
        if (!next) return done(next.error());
        if (const auto holder = rollouts ? rollouts->find(change.holder) : nullptr)
            CHECK(
                (rollouts->held_by(holder->machine().plan().route) == change.holder || holder->machine().returning()));
        Receipt receipt;
        receipt.workers = 2;
        if (!(*next == model)) ++generation;
        model = *next;
        if (change.journal && !store_full && change.journal->text.size() > disk[change.journal->id].size())
            disk[change.journal->id] = change.journal->text;
        receipt.generation = generation;
        if (lagging) receipt.waiting_for = {1};
        done(receipt);
    }

    // A fifth of a second of traffic, half on each worker. Failures spread over `buckets` buckets when sticky.
    struct Arm {
        std::uint64_t attempts = 0, failures = 0;
        std::uint64_t latency_us = 20'000;
    };
    void tick(Arm blue, Arm green, bool sticky = false) {
        report_if_asked();
        now += switchyard::control::rollout::Monotonic(200);
        for (unsigned worker = 0; worker < 2; ++worker) {
            switchyard::WorkerReport report;
            report.worker = worker;
            report.cells.push_back(cell(kBlue, blue, worker));
            report.cells.push_back(cell(kGreen, green, worker));
            if (green.failures > 0)
                report.endpoint_failures.push_back({kRoute, 12, part(green.failures, worker), generation});
            if (sticky) report.failed_buckets.push_back(buckets(blue, green, worker));
            rollouts->report(report);
        }
    }
    // Workers that were asked answer at once: nothing has come since.
    void report_if_asked() {
        if (!std::exchange(asked, false)) return;
        for (unsigned worker = 0; worker < 2; ++worker) {
            switchyard::WorkerReport report;
            report.worker = worker;
            rollouts->report(report);
        }
    }
    // What an earlier generation sent and has ended just now.
    void late(std::uint64_t by, Arm blue, Arm green) {
        switchyard::WorkerReport report;
        for (const auto& [upstream, arm] : {std::pair{kBlue, blue}, {kGreen, green}}) {
            report.cells.push_back(cell(upstream, {2 * arm.attempts, 2 * arm.failures, arm.latency_us}, 1));
            report.cells.back().generation = by;
        }
        if (green.failures > 0) report.endpoint_failures.push_back({kRoute, 12, green.failures, by});
        rollouts->report(report);
    }
    // So many requests to the new release are under way for a second, and stay so.
    void hang(std::uint64_t requests) {
        switchyard::WorkerReport report;
        report.ages = true;
        for (std::uint64_t i = 0; i < requests; ++i) {
            switchyard::Passage& passage = report.passages.emplace_back();
            passage.generation = generation, passage.route = kRoute, passage.upstream = kGreen;
            passage.to = static_cast<std::uint16_t>(switchyard::Histogram::index(1'000'000));
        }
        rollouts->report(report);
    }
    void pass(int seconds, Arm blue, Arm green, bool sticky = false) {
        for (int i = 0; i < 5 * seconds; ++i) tick(blue, green, sticky);
    }

    // Healthy traffic that follows the split until `done` or the time is over.
    template <class Done>
    void by_split(int seconds, Done done) {
        for (int i = 0; i < 5 * seconds && !done(); ++i) {
            const auto green = static_cast<std::uint64_t>(2.0 * green_percent());
            tick({200 - green, 0}, {green, 0});
        }
    }

    std::uint32_t weight(const std::string& upstream) const {
        for (const auto& [name, weight] : model.routes[0].split)
            if (name == upstream) return weight;
        return 0;
    }
    double green_percent() const {
        const double all = weight("blue") + weight("green");
        return 100.0 * weight("green") / all;
    }

    switchyard::config::Model model;
    std::uint64_t generation = 1;
    switchyard::control::rollout::Monotonic now{10'000'000};
    std::map<std::string, std::string> disk;
    std::size_t keep = 0;                             // ended rollouts; takes effect with again()
    std::function<void(const std::string& id)> kept;  // after each write
    bool asked = false;                               // for what the workers have counted
    bool disk_full = false, lagging = false, refuse = false, check_answers = true;
    bool store_full = false;    // refuses generations
    bool changes_wait = false;  // for their turn
    std::vector<std::function<void()>> waiting_changes;
    bool disk_hangs = false;  // until disk_answers()
    std::vector<std::function<void()>> hung;
    std::string check_says;                        // to who reads answers
    switchyard::AnswerCounts answers{};            // of green's requests of a tick
    std::optional<switchyard::MarkLimits> noting;  // what is slow to the workers
    std::string verb;                              // of the last change that was asked for
    bool forced = false;
    std::map<std::string, switchyard::control::rollout::UpstreamHealth> health{{"blue", {2, 2, 0, {}}},
                                                                               {"green", {1, 1, 0, {}}}};
    void green_goes(bool up) {
        health["green"].usable = up ? 1 : 0;
        health["green"].down.clear();
        if (up) return;
        health["green"].down = {{"127.0.0.1:9012", "connection refused"}};
        rollouts->went_down("green", "127.0.0.1:9012");
    }
    std::vector<Json> events;
    std::vector<std::pair<std::string, std::string>> calls;
    std::unique_ptr<switchyard::control::rollout::Rollouts> rollouts;

  private:
    // What stands behind the doors of the rollouts.
    struct Behind : switchyard::control::rollout::Clock,
                    switchyard::control::rollout::Workers,
                    switchyard::control::rollout::World,
                    switchyard::control::rollout::Steering,
                    switchyard::control::rollout::Journals,
                    switchyard::control::rollout::Outside {
        explicit Behind(Stage& stage_) : stage(stage_) {}
        switchyard::control::rollout::Monotonic now() const override { return stage.now; }
        std::string timestamp() const override { return "2026-11-20T12:00:00.000000Z"; }
        std::string time_of_day(switchyard::control::rollout::Duration ahead) const override {
            return "12:00:00+" + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(ahead).count()) + "s";
        }
        unsigned count() const override { return 2; }
        void collect() override { stage.asked = true; }
        bool adopted(std::uint64_t g) const override { return !stage.lagging || g < stage.generation; }
        void note_marks(const std::string&, const std::optional<switchyard::MarkLimits>& limits) override {
            stage.noting = limits;
        }
        std::uint32_t route_id(const std::string&) const override { return kRoute; }
        std::uint32_t upstream_id(const std::string& name) const override { return name == "blue" ? kBlue : kGreen; }
        std::optional<std::pair<std::string, std::string>> endpoint(std::uint32_t id) const override {
            return std::pair<std::string, std::string>(id < 10 ? "blue" : "green", "127.0.0.1:90" + std::to_string(id));
        }
        bool usable(const std::string& name) const override { return stage.health[name].usable > 0; }
        switchyard::control::rollout::UpstreamHealth health(const std::string& name) const override {
            return stage.health[name];
        }
        const switchyard::config::Model& model() const override { return stage.model; }
        void change(switchyard::control::Change change, switchyard::control::Answered done) override {
            stage.publish(std::move(change), std::move(done));
        }
        void keep(const std::string& id, const std::string& text, Kept done) override {
            if (!stage.disk_hangs) return stage.write(id, text, done);
            stage.hung.push_back([&stage = stage, id, text, done] { stage.write(id, text, done); });
        }
        void forget(const std::vector<std::string>& ids, Kept done) override {
            if (stage.disk_full) return done(switchyard::control::problems::store_full("no room"));
            for (const std::string& id : ids) stage.disk.erase(id);
            done({});
        }
        void event(Json event) override { stage.events.push_back(std::move(event)); }
        void call(const switchyard::control::rollout::HttpAsk& ask,
                  switchyard::control::rollout::HttpDone done) override {
            stage.calls.emplace_back(ask.url, ask.body);
            switchyard::control::rollout::HttpOutcome outcome{503, "answered 503"};
            if (stage.check_answers) outcome = {200, ""};
            if (ask.read_answer) outcome.body = stage.check_says;
            done(std::move(outcome));
        }
        Stage& stage;
    };
    Behind doors{*this};
    static std::uint64_t part(std::uint64_t whole, unsigned worker) {
        return worker == 0 ? whole - whole / 2 : whole / 2;
    }
    switchyard::CellDelta cell(std::uint32_t upstream, Arm arm, unsigned worker) {
        switchyard::CellDelta delta{kRoute, upstream, std::make_unique<switchyard::Cell>(), generation, false};
        delta.cell->attempts = part(arm.attempts, worker);
        delta.cell->failures = part(arm.failures, worker);
        if (upstream == kGreen && worker == 0) delta.cell->answers = answers;
        for (std::uint64_t i = 0; i < delta.cell->attempts; ++i)
            delta.cell->first_byte.record(arm.latency_us + spread_++ * 37 % 50 * 100);  // the same law for both arms
        return delta;
    }
    switchyard::FailedBuckets buckets(Arm blue, Arm green, unsigned worker) {
        switchyard::FailedBuckets out;
        out.route = kRoute;
        out.generation = generation;
        for (std::uint64_t i = 0; i < part(green.failures, worker); ++i) out.canary.push_back(next_bucket_++);
        for (std::uint64_t i = 0; i < part(blue.failures, worker); ++i) out.baseline.push_back(next_bucket_++);
        const auto latency = static_cast<std::uint16_t>(switchyard::Histogram::index(blue.latency_us));
        for (std::uint64_t i = 0; i < part(green.attempts, worker); ++i)
            out.samples.push_back({next_bucket_++, latency, true});
        for (std::uint64_t i = 0; i < part(blue.attempts, worker); ++i)
            out.samples.push_back({next_bucket_++, latency, false});
        return out;
    }
    std::uint16_t next_bucket_ = 0;
    std::uint64_t spread_ = 0;
};

// A fifth of a second in which both are well.
inline constexpr Stage::Arm kBlueWell{190, 0, 20'000};
inline constexpr Stage::Arm kGreenWell{10, 0, 20'000};

inline nlohmann::ordered_json small_plan() {
    return nlohmann::ordered_json::parse(R"({"route":"forum","from":"blue","to":"green",
      "steps":[{"weight":5,"bake":"5s"},{"weight":50,"bake":"5s"},{"weight":100,"bake":"5s"}],
      "analysis":{"warm_up":"1s","max_extra_failures":30,"patience":"1m",
        "webhooks":[{"on":["rollback"],"url":"http://127.0.0.1:1/hook"}]}})");
}

inline std::shared_ptr<switchyard::control::rollout::LiveRollout> started(
    Stage& stage, const nlohmann::ordered_json& plan = small_plan()) {
    auto live = stage.rollouts->start(plan, "ci");
    REQUIRE(live.has_value());
    return *live;
}
