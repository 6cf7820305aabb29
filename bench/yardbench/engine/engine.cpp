#include "bench/yardbench/engine/engine.h"

#include <stdexcept>

namespace yardbench {
namespace {

constexpr unsigned kConnectionsMost = 1'000'000;  // no machine has ports for more

Plan checked(Plan plan) {
    if (plan.connections == 0) throw std::invalid_argument("a run needs at least one connection");
    if (plan.connections > kConnectionsMost)
        throw std::invalid_argument("a run has at most " + std::to_string(kConnectionsMost) + " connections");
    if (plan.threads == 0) plan.threads = 1;
    if (plan.threads > plan.connections) plan.threads = plan.connections;
    if (plan.streams > 0 && plan.connections % plan.threads != 0)
        throw std::invalid_argument(
            "over HTTP/2 each thread has as many connections as the others: --connections is no "
            "multiple of --threads");
    return plan;
}

}  // namespace

Engine::Engine(Plan plan, const MakeWorkload& make) : plan_(checked(std::move(plan))), start_(now()) {
    errors_.resize(plan_.threads);
    for (unsigned i = 0; i < plan_.threads; ++i)
        loads_.push_back(std::make_unique<LoadThread>(plan_, i, start_, make(i)));
}

Engine::~Engine() {
    stop();
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
}

void Engine::start() {
    running_ = plan_.threads;
    for (unsigned i = 0; i < plan_.threads; ++i)
        threads_.emplace_back([this, i] {
            try {
                loads_[i]->run();
            } catch (...) {
                errors_[i] = std::current_exception();
            }
            --running_;
        });
}

void Engine::stop() {
    for (auto& load : loads_) load->stop();
}

Engine::Progress Engine::progress() const {
    Progress sum;
    for (const auto& load : loads_) {
        sum.finished += load->progress().finished.load(std::memory_order_relaxed);
        sum.failed += load->progress().failed.load(std::memory_order_relaxed);
    }
    return sum;
}

Tally Engine::join() {
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
    for (const auto& error : errors_)
        if (error) std::rethrow_exception(error);
    Tally sum;
    for (const auto& load : loads_) sum.merge(load->tally());
    return sum;
}

}  // namespace yardbench
