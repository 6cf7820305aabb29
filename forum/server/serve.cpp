#include "forum/server/serve.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <thread>

#include "forum/api/dispatch.h"
#include "forum/api/openapi.h"
#include "forum/auth/digest.h"
#include "forum/server/http_server.h"
#include "forum/server/request_flow.h"
#include "forum/server/request_log.h"
#include "forum/store/categories.h"
#include "forum/store/house_clock.h"
#include "forum/store/index_keeper.h"
#include "forum/store/migrations.h"
#include "forum/store/seed.h"
#include "forum/store/sessions.h"

namespace forum {

namespace {

constexpr auto kHousekeepingEvery = std::chrono::seconds(30);
constexpr int kExitRefused = 1;
// Of the memory for finished answers, what rendered texts may have.
constexpr std::size_t kShareOfTexts = 4;

sigset_t ending_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

// True when one of the signals came within the time.
bool signal_within(std::chrono::milliseconds time) {
    const sigset_t signals = ending_signals();
    const timespec limit{time.count() / 1'000, (time.count() % 1'000) * 1'000'000};
    return sigtimedwait(&signals, nullptr, &limit) > 0;
}

void prepare_database(const Settings& settings, RequestLog& log) {
    const auto engine = engine_at(settings.text("database"));
    engine->require_fit();
    Connection connection(engine->open(Purpose::maintaining));
    const std::vector<Migration>& migrations = embedded_migrations(engine->kind());
    if (settings.flag("auto-migrate")) {
        for (const std::string& name : migrate_up(connection, migrations)) {
            log.event("info", "migrated", {{"step", name}});
        }
    }
    require_usable_schema(schema_status(connection, migrations));
    engine->require_rights();
    const auto wanted = static_cast<int>(settings.integer("seed-posts"));
    if (wanted > 0 && seed_if_empty(connection, wanted))
        log.event("info", "seeded", {{"posts", std::to_string(wanted)}});
}

// While there is no admin, each start prints a token of its own; the first one used makes the admin.
void offer_setup_token(Store& store) {
    const bool needed = store.readers.with([](Connection& connection) { return admins_counted(connection) == 0; });
    if (!needed) return;
    const std::string token = base64url(random_bytes(18));
    store.writer.run([&](Connection& connection) { add_setup_token(connection, sha256_hex(token), now()); });
    fmt::print(stderr, "no admin yet: register with \"setup_token\": \"{}\" to become one\n", token);
}

// Everything that waits for the end: signals, the drain, and housekeeping in between.
class Ending {
  public:
    Ending(const Settings& settings, Lifecycle& life, HttpServer& server, Store& store, RequestLog& log)
        : settings_(settings), life_(life), server_(server), store_(store), log_(log), thread_([this] { work(); }) {}
    ~Ending() {
        done_ = true;
        thread_.join();
    }

  private:
    void work() {
        while (!signal_within(std::chrono::duration_cast<std::chrono::milliseconds>(kHousekeepingEvery))) keep_house();
        life_.draining = true;
        log_.event("info", "draining");
        if (signal_within(settings_.duration("drain-delay"))) leave("a second signal");
        std::thread stopping([this] { server_.stop(); });
        const auto deadline = std::chrono::steady_clock::now() + settings_.duration("drain-limit");
        while (!done_ && std::chrono::steady_clock::now() < deadline) {
            if (signal_within(std::chrono::milliseconds(20))) leave("a second signal");
        }
        if (!done_) leave("the drain limit is over");
        stopping.join();
    }

    void keep_house() {
        try {
            store_.writer.run([this](Connection& connection) {
                const auto at = std::chrono::steady_clock::now();
                if (const auto newest = clock_.knows() ? std::nullopt : newest_activity(connection)) {
                    clock_.known(*newest, at);
                }
                if (const auto time = clock_.time(now(), at)) forget_expired(connection, *time);
                // A caller of /readyz learns that there is room again, also when nothing is written.
                if (!store_.writer.counts().failure.empty()) try_to_store(connection);
            });
        } catch (const StoreError& e) {
            log_.event("warning", "housekeeping failed", {{"failure", e.what()}});
        }
    }

    [[noreturn]] void leave(const std::string& why) {
        fmt::print(stderr, "leaving with {} requests in work: {}\n", life_.in_flight.load(), why);
        ::_exit(kExitRefused);
    }

    const Settings& settings_;
    Lifecycle& life_;
    HttpServer& server_;
    Store& store_;
    RequestLog& log_;
    HouseClock clock_;
    std::atomic<bool> done_ = false;
    std::thread thread_;
};

std::vector<std::string_view> operations_of(std::span<const Endpoint> endpoints) {
    std::vector<std::string_view> names;
    for (const Endpoint& endpoint : endpoints) names.push_back(endpoint.operation);
    return names;
}

// Each is a descriptor; as many as the system lets this process have, but for what the database and the log need.
std::size_t connections_possible() {
    constexpr rlim_t kOthers = 512;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<std::size_t>(limit.rlim_cur > 2 * kOthers ? limit.rlim_cur - kOthers : limit.rlim_cur / 2);
}

HttpOptions http_options(const Settings& settings) {
    HttpOptions options;
    options.connections = std::min(static_cast<std::size_t>(settings.integer("connections")), connections_possible());
    options.threads = static_cast<std::size_t>(settings.integer("threads"));
    options.held_bytes = static_cast<std::size_t>(settings.integer("transfer-memory"));
    options.reader.body = static_cast<std::size_t>(settings.integer("body-limit"));
    options.reader.trusted = Networks::from(settings.text("trusted-proxies")).value();
    options.read_limit = settings.duration("read-limit");
    options.idle_limit = settings.duration("idle-limit");
    options.request_limit = settings.duration("request-limit");
    return options;
}

}  // namespace

int serve(const Settings& settings, std::span<const Endpoint> endpoints) {
    // Before any thread is made: all of them leave these signals to the one that waits for them.
    const sigset_t signals = ending_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    // A file that may not grow any more is a full disk: changes are refused, reading goes on.
    std::signal(SIGXFSZ, SIG_IGN);

    // Before the database is looked at: a second start by mistake touches nothing.
    ListeningSocket listening(settings.text("bind"), static_cast<int>(settings.integer("port")));
    RequestLog log;
    Lifecycle life;
    life.colour = settings.text("colour");
    life.version_label = settings.text("version-label");
    prepare_database(settings, log);
    Store store(settings.text("database"), settings.duration("write-patience").count());
    IndexKeeper index_keeper(store, [&log](const std::string& failure) {
        log.event("warning", "indexing comments failed", {{"failure", failure}});
    });
    KeyRing keys(store);
    PasswordHasher hasher(static_cast<unsigned>(settings.integer("hash-parallel")));
    Metrics metrics(operations_of(endpoints));
    std::unique_ptr<RedisLink> redis;
    if (!settings.text("redis").empty()) {
        redis = std::make_unique<RedisLink>(settings.text("redis"), settings.duration("redis-limit"));
    }
    // Two releases may find other things or answer in another shape, so they share nothing.
    const std::string openapi = openapi_document(endpoints);
    const std::string scope = std::to_string(store.signals.life()) + '-' +
                              std::to_string(embedded_migrations().back().version) + '-' + sha256_hex(openapi);
    const auto cache_bytes = static_cast<std::size_t>(settings.integer("page-cache"));
    RenderedTexts texts(cache_bytes / kShareOfTexts);
    PageCache pages(cache_bytes - cache_bytes / kShareOfTexts, settings.duration("page-life").count(), redis.get(),
                    scope, [&keys] { return keys.newest().secret; });
    Counters counters(redis.get());
    // One for all instances on the database, also after a restart.
    const std::string cursor_secret = std::to_string(store.signals.life());
    Service service{store, keys, hasher, pages, texts, counters, redis.get(), life, metrics, CursorSeal(cursor_secret),
                    {}};
    service.limits.login_pair = settings.integer("login-limit");
    service.limits.registrations = settings.integer("registration-limit");
    service.limits.writes = settings.integer("write-limit");
    service.limits.daily_texts = settings.integer("daily-texts");
    service.limits.daily_bytes = settings.integer("daily-bytes");
    service.limits.searches = settings.integer("search-limit");
    service.limits.search_time = settings.duration("search-time").count();
    service.limits.own_votes = settings.flag("own-votes");
    service.openapi = openapi;
    service.limits.access_life = settings.duration("access-life").count();
    service.limits.refresh_life = settings.duration("refresh-life").count();
    service.limits.operator_token = settings.text("operator-token");
    Dispatcher dispatcher(service, endpoints);
    RequestFlow flow(dispatcher, service, log, settings);

    HttpServer server(listening, http_options(settings), life, [&](Call& call) { return flow.answer(call); });
    offer_setup_token(store);
    life.started = true;
    fmt::print("forum listening on {}:{}\n", settings.text("bind"), listening.port());
    std::fflush(stdout);
    {
        Ending ending(settings, life, server, store, log);
        server.run();
    }
    log.event("info", "stopped");
    return 0;
}

}  // namespace forum
