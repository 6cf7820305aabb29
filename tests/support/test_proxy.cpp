#include "tests/support/test_proxy.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "config/parse.h"
#include "proxy/snapshot/compile.h"

namespace switchyard::test {
namespace {

std::shared_ptr<const config::Model> model_of(const std::string& text) {
    auto parsed = config::parse(text);
    if (parsed.model) return std::make_shared<const config::Model>(std::move(*parsed.model));
    std::string why = "the test's configuration is refused:";
    for (const auto& error : parsed.errors) why += "\n  " + error.pointer + ": " + error.detail;
    throw std::runtime_error(why + "\n" + text);
}

}  // namespace

struct TestProxy::Members {
    explicit Members(unsigned count) : workers(count), registry(count), guard(io.get_executor()) {}

    const unsigned workers;
    boost::asio::io_context io;
    Registry registry;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard;
    std::thread control;
    std::unique_ptr<WorkerPool> pool;
    std::shared_ptr<const Snapshot> latest;

    mutable std::mutex mutex;
    std::condition_variable news;
    std::map<std::uint64_t, std::set<unsigned>> adopted, retired;
    std::size_t adoptions = 0;  // of whatever
    KnownAddresses known;
    std::vector<upstream::Suspect> suspects;

    std::shared_ptr<const Snapshot> compiled(const std::string& text, std::uint64_t generation) {
        auto result = compile(model_of(text), generation, registry, known);
        if (!result.snapshot) throw std::runtime_error("compile: " + result.errors.at(0).detail);
        for (const auto& upstream : result.snapshot->upstreams)
            for (const auto& endpoint : upstream->endpoints) endpoint.state->set(upstream::EndpointState::up, true);
        return result.snapshot;
    }
    // Runs on the control thread and waits for it.
    template <class Work>
    void control_does(Work work) {
        std::promise<void> done;
        boost::asio::post(io, [&] {
            try {
                work();
                done.set_value();
            } catch (...) {
                done.set_exception(std::current_exception());
            }
        });
        done.get_future().get();
    }
    template <class Condition>
    void wait(const char* what, Condition condition) {
        std::unique_lock lock(mutex);
        if (!news.wait_for(lock, kDeadline, condition))
            throw std::runtime_error(std::string("waited in vain: ") + what);
    }
};

TestProxy::TestProxy(const std::string& config, unsigned workers) : members_(std::make_unique<Members>(workers)) {
    Members& m = *members_;
    m.latest = m.compiled(config, 1);
    WorkerPool::Events events;
    events.adopted = [&m](unsigned worker, std::uint64_t generation, const std::vector<InFlight>&) {
        const std::lock_guard lock(m.mutex);
        m.adopted[generation].insert(worker);
        ++m.adoptions;
        m.news.notify_all();
    };
    events.retired = [&m](unsigned worker, std::uint64_t generation, bool last) {
        if (!last) return;
        const std::lock_guard lock(m.mutex);
        m.retired[generation].insert(worker);
        m.news.notify_all();
    };
    events.suspect = [&m](upstream::Suspect suspect) {
        const std::lock_guard lock(m.mutex);
        m.suspects.push_back(suspect);
        m.news.notify_all();
    };
    m.pool = std::make_unique<WorkerPool>(workers, m.io.get_executor(), std::move(events));
    m.registry.published(*m.latest);
    m.pool->start(m.latest);
    m.control = std::thread([&m] { m.io.run(); });
    wait_adopted(1);
}

TestProxy::~TestProxy() {
    members_->control_does([this] { members_->pool->stop(); });
    members_->guard.reset();
    members_->io.stop();
    members_->control.join();
}

std::uint16_t TestProxy::port(std::size_t listener) const {
    // On the control thread: another one may be publishing.
    std::uint16_t port = 0;
    members_->control_does([&] { port = members_->latest->listeners.at(listener)->sockets->bound().port; });
    return port;
}

std::uint64_t TestProxy::publish_without_waiting(const std::string& config) {
    Members& m = *members_;
    std::uint64_t generation = 0;
    m.control_does([&] {
        generation = m.latest->generation + 1;
        m.latest = m.compiled(config, generation);
        m.registry.published(*m.latest);
        m.pool->publish(m.latest);
    });
    return generation;
}

std::uint64_t TestProxy::publish(const std::string& config) {
    const auto generation = publish_without_waiting(config);
    wait_adopted(generation);
    return generation;
}

void TestProxy::wait_adopted(std::uint64_t generation) {
    Members& m = *members_;
    m.wait("adoption by every worker", [&] { return m.adopted[generation].size() == m.workers; });
}

void TestProxy::publish_addresses(std::map<std::string, std::vector<std::string>> addresses) {
    Members& m = *members_;
    std::size_t before = 0;
    m.control_does([&] {
        m.known.of = {addresses.begin(), addresses.end()};
        ++m.known.version;
        m.latest = with_addresses(*m.latest, m.registry, m.known);
        for (const auto& upstream : m.latest->upstreams)
            for (const auto& endpoint : upstream->endpoints) endpoint.state->set(upstream::EndpointState::up, true);
        m.registry.published(*m.latest);
        const std::lock_guard lock(m.mutex);
        before = m.adoptions;
        m.pool->publish(m.latest);
    });
    m.wait("adoption of the addresses", [&] { return m.adoptions == before + m.workers; });
}

bool TestProxy::retired(std::uint64_t generation) const {
    const std::lock_guard lock(members_->mutex);
    const auto it = members_->retired.find(generation);
    return it != members_->retired.end() && it->second.size() == members_->workers;
}

void TestProxy::wait_retired(std::uint64_t generation) {
    Members& m = *members_;
    m.wait("retirement on every worker", [&] { return m.retired[generation].size() == m.workers; });
}

std::vector<WorkerReport> TestProxy::collect() {
    Members& m = *members_;
    auto reports = std::make_shared<std::vector<WorkerReport>>();
    m.control_does([&] {
        m.pool->collect(false, [&m, reports](WorkerReport report) {
            const std::lock_guard lock(m.mutex);
            reports->push_back(std::move(report));
            m.news.notify_all();
        });
    });
    m.wait("reports", [&] { return reports->size() == m.workers; });
    const std::lock_guard lock(m.mutex);
    return std::move(*reports);
}

void TestProxy::collect_until(const std::function<bool(const std::vector<WorkerReport>&)>& enough) {
    const auto end = std::chrono::steady_clock::now() + kDeadline;
    std::vector<WorkerReport> all;
    for (;;) {
        for (auto& report : collect()) all.push_back(std::move(report));
        if (enough(all)) return;
        if (std::chrono::steady_clock::now() > end) throw std::runtime_error("waited in vain: the reports never fit");
        std::this_thread::yield();
    }
}

upstream::EndpointState& TestProxy::endpoint(const std::string& upstream, const std::string& address) {
    return *members_->registry.endpoint(upstream, address);
}

std::uint32_t TestProxy::route_id(const std::string& name) {
    return members_->registry.route(name);
}

std::uint32_t TestProxy::upstream_id(const std::string& name) {
    return members_->registry.upstream(name);
}

std::vector<upstream::Suspect> TestProxy::suspects() const {
    const std::lock_guard lock(members_->mutex);
    return members_->suspects;
}

void TestProxy::drain(std::chrono::milliseconds grace) {
    Members& m = *members_;
    auto done = std::make_shared<bool>(false);
    m.control_does([&] {
        m.pool->drain(grace, true, [&m, done] {
            const std::lock_guard lock(m.mutex);
            *done = true;
            m.news.notify_all();
        });
    });
    m.wait("the end of the drain", [&] { return *done; });
}

}  // namespace switchyard::test
