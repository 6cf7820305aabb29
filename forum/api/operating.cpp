#include "forum/api/operating.h"

#include <fmt/format.h>

#include <iterator>

#include "forum/api/authenticate.h"
#include "forum/api/json_text.h"
#include "forum/store/categories.h"

namespace forum {

namespace {

// A change that waits longer than this for its turn means that the writer hangs.
constexpr Instant kWriterStuck = 10 * kSecond;

struct Check {
    std::string_view name;
    bool good = true;
    std::string detail;
};

Check database_check(Service& service) {
    try {
        service.store.readers.probe(&try_to_read);
        return {"database", true, ""};
    } catch (const std::exception& e) {
        return {"database", false, e.what()};
    }
}

Check writer_check(const WriterCounts& counts) {
    const bool stuck = counts.waiting > 0 && counts.oldest_waits_ms > kWriterStuck;
    return {"writer", !stuck, stuck ? "changes wait for the database and none is committed" : ""};
}

// A full disk is no reason to send none here: reading goes on, and every instance on this database has the same disk.
Check storage_check(const WriterCounts& counts) {
    return {"storage", counts.failure.empty(), counts.failure};
}

Answer plain_answer(std::string body) {
    Answer answer = json_answer(200, std::move(body));
    answer.headers.emplace_back("Cache-Control", "no-store");
    return answer;
}

Answer drain_answer(const Service& service) {
    const Lifecycle& life = service.lifecycle;
    JsonText json;
    json.begin_object()
        .member("draining", life.draining.load())
        // This very call is in flight too.
        .member("in_flight", std::max<std::int64_t>(life.in_flight.load() - 1, 0))
        .member("connections", life.connections.load())
        .end_object();
    return plain_answer(json.take());
}

}  // namespace

Answer show_livez(Service&, const Call&) {
    return plain_answer(R"({"status":"alive"})");
}

Answer show_startupz(Service& service, const Call&) {
    if (service.lifecycle.started) return plain_answer(R"({"status":"started"})");
    return problem(503, "starting", "the program is still starting");
}

Answer show_readyz(Service& service, const Call& call) {
    const WriterCounts writer = service.store.writer.counts();
    std::vector<Check> checks = {database_check(service), writer_check(writer)};
    checks.push_back({"drain", !service.lifecycle.draining, service.lifecycle.draining ? "draining" : ""});
    bool ready = service.lifecycle.started;
    for (const Check& check : checks) ready = ready && check.good;
    checks.push_back(storage_check(writer));
    const std::string_view status = !ready ? "not ready" : checks.back().good ? "ready" : "reading only";
    // Strangers learn the word, who looks after the program the reasons.
    if (!is_watcher(service, call)) {
        Answer answer = plain_answer(JsonText().begin_object().member("status", status).end_object().take());
        answer.status = ready ? 200 : 503;
        return answer;
    }
    // Redis is told about but does not count: without it the forum is slower and as right as ever.
    if (service.redis != nullptr) {
        const bool there = service.redis->ping();
        checks.push_back({"redis", there, there ? "" : "not reachable; working without it"});
    }
    JsonText json;
    json.begin_object()
        .member("status", status)
        .member("colour", service.lifecycle.colour)
        .member("version", service.lifecycle.version_label)
        .key("checks")
        .begin_object();
    for (const Check& check : checks) {
        json.key(check.name).begin_object().member("status", check.good ? "ok" : "failing");
        if (!check.detail.empty()) json.member("detail", check.detail);
        json.end_object();
    }
    json.end_object().end_object();
    Answer answer = plain_answer(json.take());
    answer.status = ready ? 200 : 503;
    return answer;
}

Answer show_metrics(Service& service, const Call&) {
    std::string out;
    service.metrics.write(out);
    const WriterCounts writer = service.store.writer.counts();
    const Lifecycle& life = service.lifecycle;
    const auto line = [&out](std::string_view name, std::string_view type, std::string_view help, auto value) {
        fmt::format_to(std::back_inserter(out), "# HELP {0} {2}\n# TYPE {0} {1}\n{0} {3}\n", name, type, help, value);
    };
    line("forum_store_commits_total", "counter", "Transactions made durable.", writer.commits);
    line("forum_store_changes_total", "counter", "Changes in those transactions.", writer.changes);
    line("forum_store_failed_commits_total", "counter", "Transactions that could not be stored.",
         writer.failed_commits);
    line("forum_store_retries_total", "counter", "Transactions that the server undid and that were run again.",
         writer.retries);
    line("forum_store_reconnects_total", "counter", "Connections for writing made after one was lost.",
         writer.reconnects);
    line("forum_store_unknown_commits_resolved_total", "counter",
         "Commits whose answer was lost and about which the database was asked.", writer.unknown_resolved);
    line("forum_store_unknown_commits_left_total", "counter", "Commits about which the database could not be asked.",
         writer.unknown_left);
    const ReaderCounts readers = service.store.readers.counts();
    line("forum_store_readers_in_use", "gauge", "Connections that read.", readers.in_use);
    line("forum_store_readers_open", "gauge", "Connections for reading that are open.", readers.open);
    line("forum_store_readers_refused_total", "counter", "Readings for which no connection came free in time.",
         readers.refused);
    line("forum_store_readers_reconnects_total", "counter", "Readings that were begun again on a new connection.",
         readers.reconnects);
    line("forum_store_changes_waiting", "gauge", "Changes that wait for the writer.", writer.waiting);
    const PageCounts pages = service.pages.counts();
    line("forum_page_cache_hits_total", "counter", "Answers taken from memory.", pages.hits);
    line("forum_page_cache_remote_hits_total", "counter", "Answers taken from Redis.", pages.remote_hits);
    line("forum_page_cache_built_total", "counter", "Answers built from the database.", pages.built);
    line("forum_texts_rendered_total", "counter", "Texts whose Markdown was read.", service.texts.rendered());
    const RedisCounts redis = service.redis == nullptr ? RedisCounts{} : service.redis->counts();
    line("forum_redis_calls_total", "counter", "Calls to Redis.", redis.calls);
    line("forum_redis_failures_total", "counter", "Calls to Redis that failed.", redis.failures);
    line("forum_requests_in_flight", "gauge", "Requests being answered.", life.in_flight.load());
    line("forum_connections", "gauge", "Open client connections.", life.connections.load());
    line("forum_requests_waiting", "gauge", "Requests that wait for a thread.", life.requests_waiting.load());
    line("forum_draining", "gauge", "1 while the program asks for no new work.", life.draining ? 1 : 0);
    fmt::format_to(std::back_inserter(out),
                   "# HELP forum_build_info What runs here.\n# TYPE forum_build_info gauge\n"
                   "forum_build_info{{version=\"{}\",colour=\"{}\"}} 1\n",
                   life.version_label, life.colour);
    Answer answer = plain_answer(std::move(out));
    answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return answer;
}

Answer show_drain(Service& service, const Call&) {
    return drain_answer(service);
}

Answer begin_drain(Service& service, const Call&) {
    service.lifecycle.draining = true;
    return drain_answer(service);
}

Answer end_drain(Service& service, const Call&) {
    service.lifecycle.draining = false;
    return drain_answer(service);
}

}  // namespace forum
