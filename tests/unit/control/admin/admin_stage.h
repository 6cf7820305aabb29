// The admin API without a connection, around a real controller and store: calls go through the table of operations, by
// tokens of three roles; the test plays the workers, the disks of certificates and the endpoints.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/admin/call/dispatch.h"
#include "control/base/digest.h"
#include "tests/unit/control/core/bench.h"

struct AdminStage : bench::Bench {
    using Json = nlohmann::ordered_json;
    using Model = switchyard::config::Model;

    explicit AdminStage(const std::string& config = bench::kConfig) : Bench(config) {
        for (const char* name : {"blue", "green"})
            registry.endpoint(name, name == std::string("blue") ? kBlue : kGreen);
        for (const auto& role : {std::pair{"viewer", switchyard::config::Role::viewer},
                                 std::pair{"operator", switchyard::config::Role::operate},
                                 std::pair{"admin", switchyard::config::Role::admin}})
            tokens.push_back({role.first, role.second, switchyard::control::sha256_hex(role.first)});
        context.emplace(Context{io.get_executor(),
                                *controller,
                                aside_thread,
                                registry,
                                health,
                                ejection,
                                names,
                                certificates,
                                acme,
                                discovery,
                                [] { return true; },
                                totals,
                                series,
                                rollouts,
                                releases,
                                switchyard::control::Tokens(tokens),
                                {},
                                "switchyard.json",
                                "1",
                                {},
                                {}});
        controller->hold_with([this](const std::string& route) { return rollouts.holder(route); });
    }
    ~AdminStage() { aside_thread.stop(); }

    // What one call is answered; `who` is a role, and the token of that name.
    struct Answered {
        unsigned status = 0;
        Json body;
        std::string etag, location;
        // Of the places that are wrong, sorted.
        std::vector<std::string> pointers() const {
            std::vector<std::string> out;
            for (const auto& error : body.value("errors", Json::array())) out.push_back(error["pointer"]);
            std::ranges::sort(out);
            return out;
        }
        std::string detail() const { return body.value("detail", ""); }
        bool says(const std::string& words) const { return body.dump().find(words) != std::string::npos; }
    };
    Answered ask(const std::string& who, const std::string& method, const std::string& path,
                 const std::string& body = "", std::map<std::string, std::string> headers = {}) {
        switchyard::control::AdminRequest request;
        request.method = method;
        request.path = path.substr(0, path.find('?'));
        if (const auto query = path.find('?'); query != path.npos) {
            const auto text = path.substr(query + 1);
            const auto equals = text.find('=');
            request.query[text.substr(0, equals)] = text.substr(equals + 1);
        }
        request.headers = std::move(headers);
        if (!who.empty()) request.headers["authorization"] = "Bearer " + who;
        request.body = body;
        request.from = "127.0.0.1";
        std::optional<switchyard::control::AdminReply> reply;
        switchyard::control::dispatch(*context, std::move(request),
                                      [&](switchyard::control::AdminReply answer) { reply = std::move(answer); });
        until([&] { return reply.has_value(); });
        Answered out{reply->status, Json::parse(reply->body, nullptr, false), "", ""};
        for (const auto& [name, value] : reply->headers) {
            if (name == "ETag") out.etag = value;
            if (name == "Location") out.location = value;
        }
        return out;
    }
    std::uint64_t generation() const { return controller->generation(); }
    std::uint32_t weight(const std::string& upstream) const {
        for (const auto& [name, weight] : controller->model().routes.at(0).split)
            if (name == upstream) return weight;
        return 0;
    }
    // Lines that were written into the audit since the process began.
    std::size_t audited() const { return store->audit(0, 1000)->size(); }

    static constexpr const char *kBlue = "127.0.0.1:9001", *kGreen = "127.0.0.1:9002";
    bool green_is_there = true;  // to the rollouts

  private:
    using Context = switchyard::control::Context;
    struct RolloutDoors : switchyard::control::rollout::Clock,
                          switchyard::control::rollout::Workers,
                          switchyard::control::rollout::World,
                          switchyard::control::rollout::Steering,
                          switchyard::control::rollout::Journals,
                          switchyard::control::rollout::Outside {
        explicit RolloutDoors(AdminStage& stage_) : stage(stage_) {}
        switchyard::control::rollout::Monotonic now() const override {
            return switchyard::control::rollout::Monotonic{10'000};
        }
        std::string timestamp() const override { return "2026-11-20T12:00:00.000000Z"; }
        std::string time_of_day(switchyard::control::rollout::Duration) const override { return "12:00:00Z"; }
        unsigned count() const override { return 2; }
        void collect() override {}
        bool adopted(std::uint64_t generation) const override {
            return stage.controller->adoption().everywhere(generation);
        }
        void note_marks(const std::string&, const std::optional<switchyard::MarkLimits>&) override {}
        std::uint32_t route_id(const std::string& name) const override { return stage.registry.route(name); }
        std::uint32_t upstream_id(const std::string& name) const override { return stage.registry.upstream(name); }
        std::optional<std::pair<std::string, std::string>> endpoint(std::uint32_t) const override {
            return std::nullopt;
        }
        bool usable(const std::string& upstream) const override { return upstream != "green" || stage.green_is_there; }
        switchyard::control::rollout::UpstreamHealth health(const std::string& upstream) const override {
            if (usable(upstream)) return {1, 1, 0, {}, 1};
            return {1, 0, 0, {{kGreen, "connection refused"}}, 1};
        }
        const Model& model() const override { return stage.controller->model(); }
        void change(switchyard::control::Change change, switchyard::control::Answered done) override {
            stage.controller->change(std::move(change), std::move(done));
        }
        void keep(const std::string&, const std::string&, Kept done) override {
            if (done) done({});
        }
        void forget(const std::vector<std::string>&, Kept done) override { done({}); }
        void event(Json) override {}
        void call(const switchyard::control::rollout::HttpAsk&, switchyard::control::rollout::HttpDone) override {}
        AdminStage& stage;
    };
    switchyard::control::Names::Ports names_ports() {
        switchyard::control::Names::Ports ports;
        ports.model = [this]() -> const Model& { return controller->model(); };
        return ports;
    }
    switchyard::control::Certificates::Ports certificates_ports() {
        switchyard::control::Certificates::Ports ports;
        ports.model = [this]() -> const Model& { return controller->model(); };
        ports.generation = [this] { return controller->generation(); };
        return ports;
    }
    switchyard::control::acme::Acme::Ports acme_ports() {
        switchyard::control::acme::Acme::Ports ports;
        ports.model = [this]() -> const Model& { return controller->model(); };
        ports.now = [] { return std::int64_t{0}; };
        return ports;
    }
    switchyard::control::release::Releases::Ports releases_ports() {
        switchyard::control::release::Releases::Ports ports;
        ports.now = [] { return std::chrono::milliseconds{10'000}; };
        ports.timestamp = [] { return std::string("2026-11-20T12:00:00.000000Z"); };
        ports.model = [this]() -> const Model& { return controller->model(); };
        ports.generation = [this] { return controller->generation(); };
        ports.keep = [](const std::string&, const std::string&) { return switchyard::control::Result<void>(); };
        ports.forget = [](const std::vector<std::string>&) { return switchyard::control::Result<void>(); };
        ports.note = [](const std::string&, const switchyard::control::Caller&, const std::string&) {};
        ports.event = [](const Json&) {};
        ports.abort_rollout = [](const switchyard::control::release::Release&) { return std::string(); };
        return ports;
    }
    std::shared_ptr<switchyard::upstream::EndpointState> find(const std::string& upstream, const std::string& address) {
        return registry.endpoint(upstream, address);
    }

    std::vector<switchyard::config::Token> tokens;
    switchyard::control::Aside aside_thread{io.get_executor()};
    switchyard::control::HealthChecker health{
        io.get_executor(), [this](const auto& u, const auto& a) { return find(u, a); }, [](const auto&) {}};
    switchyard::control::Ejection ejection{
        io.get_executor(), [this](const auto& u, const auto& a) { return find(u, a); }, [](const auto&) {}};
    switchyard::control::Names names{io.get_executor(), {}, names_ports(), {}};
    switchyard::control::Certificates certificates{io.get_executor(), registry.certificates(), controller->events(),
                                                   certificates_ports()};
    switchyard::control::acme::Acme acme{io.get_executor(), dir / "acme", controller->events(), acme_ports()};
    switchyard::control::discovery::Discovery discovery{io.get_executor(), {}, {}};
    switchyard::control::Totals totals;
    switchyard::control::Series series;
    RolloutDoors doors_of_rollouts{*this};
    switchyard::control::rollout::Rollouts rollouts{{doors_of_rollouts, doors_of_rollouts, doors_of_rollouts,
                                                     doors_of_rollouts, doors_of_rollouts, doors_of_rollouts}};
    switchyard::control::release::Releases releases{releases_ports()};
    std::optional<Context> context;
};
