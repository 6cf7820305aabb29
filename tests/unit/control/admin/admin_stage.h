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
    // What stands around the other rooms is not asked by any call here, but for what is in force.
    struct NameDoors : switchyard::control::NamesInForce, switchyard::control::AddressReaders {
        explicit NameDoors(AdminStage& stage_) : stage(stage_) {}
        const Model& model() const override { return stage.controller->model(); }
        std::uint64_t published() const override { return 0; }
        bool usable(const std::string&, const std::string&) const override { return true; }
        void follow(const switchyard::KnownAddresses&) override {}
        void publish(const switchyard::KnownAddresses&) override {}
        void keep(const switchyard::control::AddressRows&) override {}
        void tell(const switchyard::control::AddressBook::News&) override {}
        AdminStage& stage;
    };
    struct CertificateDoors : switchyard::control::ShownGeneration, switchyard::control::CertificateClock {
        explicit CertificateDoors(AdminStage& stage_) : stage(stage_) {}
        const Model& model() const override { return stage.controller->model(); }
        std::uint64_t generation() const override { return stage.controller->generation(); }
        void publish() override {}
        void everywhere(std::function<void()> then) override { then(); }
        void keep(const switchyard::control::AuditEntry&) override {}
        std::int64_t now() const override { return 0; }
        std::int64_t steady() const override { return 0; }
        std::string timestamp() const override { return "2026-11-20T12:00:00.000000Z"; }
        AdminStage& stage;
    };
    struct AcmeDoors : switchyard::control::acme::Answerers, switchyard::control::acme::InForce {
        explicit AcmeDoors(AdminStage& stage_) : stage(stage_) {}
        bool publish(std::shared_ptr<const switchyard::net::ChallengeBook>) override { return true; }
        void everywhere(std::function<void()> then) override { then(); }
        const Model& model() const override { return stage.controller->model(); }
        switchyard::net::TlsBook::Identity identity(const std::string&) const override { return nullptr; }
        void look(std::function<void(bool)> done) override { done(true); }
        std::int64_t now() const override { return 0; }
        AdminStage& stage;
    };
    struct DiscoveryDoors : switchyard::control::discovery::EndpointHealth,
                            switchyard::control::discovery::RollReaders,
                            switchyard::control::discovery::Sources {
        switchyard::control::discovery::Vital vital(const std::string&,
                                                    const switchyard::config::Address&) const override {
            return switchyard::control::discovery::Vital::up;
        }
        bool others(const std::string&) const override { return true; }
        void found(const std::string&, std::vector<switchyard::config::Endpoint>) override {}
        void keep(const switchyard::control::discovery::Rows&) override {}
        void tell(const std::string&, const switchyard::control::discovery::Sight&,
                  const switchyard::control::discovery::Roll::News&) override {}
        std::unique_ptr<switchyard::control::discovery::EndpointSource> source(
            const switchyard::config::Discover&, const switchyard::config::Discovery&) override {
            return nullptr;
        }
    };
    struct ReleaseDoors : switchyard::control::release::BookClock,
                          switchyard::control::release::RoutesInForce,
                          switchyard::control::release::BookPages {
        explicit ReleaseDoors(AdminStage& stage_) : stage(stage_) {}
        std::chrono::milliseconds now() const override { return std::chrono::milliseconds{10'000}; }
        std::string timestamp() const override { return "2026-11-20T12:00:00.000000Z"; }
        const Model& model() const override { return stage.controller->model(); }
        std::uint64_t generation() const override { return stage.controller->generation(); }
        std::string abort_rollout(const switchyard::control::release::Release&) override { return {}; }
        switchyard::control::Result<void> keep(const std::string&, const std::string&) override { return {}; }
        switchyard::control::Result<void> forget(const std::vector<std::string>&) override { return {}; }
        void note(const std::string&, const switchyard::control::Caller&, const std::string&) override {}
        void event(Json) override {}
        AdminStage& stage;
    };
    std::shared_ptr<switchyard::upstream::EndpointState> find(const std::string& upstream, const std::string& address) {
        return registry.endpoint(upstream, address);
    }

    std::vector<switchyard::config::Token> tokens;
    switchyard::control::Aside aside_thread{io.get_executor()};
    switchyard::control::HealthChecker health{
        io.get_executor(), [this](const auto& u, const auto& a) { return find(u, a); }, [](const auto&) {}};
    switchyard::control::Ejection ejection{
        io.get_executor(), [this](const auto& u, const auto& a) { return find(u, a); }, [](const auto&) {}};
    NameDoors name_doors{*this};
    CertificateDoors certificate_doors{*this};
    AcmeDoors acme_doors{*this};
    DiscoveryDoors discovery_doors;
    ReleaseDoors release_doors{*this};
    switchyard::control::Names names{io.get_executor(), {}, {name_doors, name_doors}, {}};
    switchyard::control::Certificates certificates{
        io.get_executor(), registry.certificates(), controller->events(), {certificate_doors, certificate_doors}};
    switchyard::control::acme::Acme acme{
        io.get_executor(), dir / "acme", controller->events(), {acme_doors, acme_doors}};
    switchyard::control::discovery::Discovery discovery{
        io.get_executor(), {discovery_doors, discovery_doors, discovery_doors}, {}};
    switchyard::control::Totals totals;
    switchyard::control::Series series;
    RolloutDoors doors_of_rollouts{*this};
    switchyard::control::rollout::Rollouts rollouts{{doors_of_rollouts, doors_of_rollouts, doors_of_rollouts,
                                                     doors_of_rollouts, doors_of_rollouts, doors_of_rollouts}};
    switchyard::control::release::Releases releases{{release_doors, release_doors, release_doors}};
    std::optional<Context> context;
};
