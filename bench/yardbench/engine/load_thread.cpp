#include "bench/yardbench/engine/load_thread.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <system_error>

namespace yardbench {
namespace {

constexpr std::size_t kScratch = 256 * 1024;            // one recv(); a large body takes several
constexpr Nanos kSweep = 50 * kMillisecond;             // how late a time limit may be noticed
constexpr Nanos kUnreachablePause = 10 * kMillisecond;  // closed loop: do not hammer a port without a listener

double thread_cpu_seconds() {
    timespec t;
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

unsigned share(unsigned whole, unsigned index, unsigned parts) {
    return whole / parts + (index < whole % parts);
}

}  // namespace

LoadThread::LoadThread(const Plan& plan, unsigned index, Nanos start, std::unique_ptr<Workload> workload)
    : plan_(plan),
      index_(index),
      start_(start),
      end_(start + plan.warm_up + plan.duration),
      request_limit_(plan.requests == 0 ? UINT64_MAX
                                        : plan.requests / plan.threads + (index < plan.requests % plan.threads)),
      workload_(std::move(workload)),
      io_(1),
      ready_(
          io_, [this](std::uint32_t slot, std::uint32_t epoch, std::uint32_t events) { on_event(slot, epoch, events); },
          [this] {
              write_connected();
              send_due();
              flush_lines();
          }),
      timer_(io_),
      sweep_timer_(io_),
      slots_(std::size_t{share(plan.connections, index, plan.threads)} * std::max(plan.streams, 1U)),
      free_ring_(slots_.size()),
      scratch_(kScratch) {
    for (Slot& slot : slots_) slot.reader = ResponseReader(&plan_.wanted);
    if (plan.streams > 0) {
        lines_.resize(share(plan.connections, index, plan.threads));
        for (std::size_t id = 0; id < slots_.size(); ++id)
            slots_[id].line = static_cast<std::uint32_t>(id % lines_.size());
    }
    connected_.reserve(slots_.size());
    if (plan.secure.on) secure_ = std::make_unique<Secure>(plan.secure);
    if (plan.requests > 0) end_ = INT64_MAX;
    if (open_loop()) pacer_ = Pacer(plan.timetable, start, index, plan.threads);
    tally_.by_tag.resize(plan.tags);
    tally_.threads = 1;
    tally_.measured_from = start + plan.warm_up;
}

LoadThread::~LoadThread() {
    for (Slot& slot : slots_) close(slot);
    for (Line& line : lines_) {
        Secure::end(line.ssl);
        if (line.fd >= 0) ::close(line.fd);
    }
}

void LoadThread::run() {
    if (!plan_.processors.empty()) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(static_cast<unsigned>(plan_.processors[index_ % plan_.processors.size()]), &set);
        if (const int error = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set); error != 0)
            throw std::system_error(error, std::generic_category(), "cannot pin a load thread to its processor");
    }
    ready_.start();
    boost::asio::post(io_, [this] {
        for (std::uint32_t id = 0; id < slots_.size(); ++id) {
            if (open_loop())
                release(slots_[id], id);
            else
                begin(id, std::max(now(), start_));
        }
        send_due();
        flush_lines();
        sweep();
    });
    io_.run();
    if (secure_) {
        tally_.full_handshakes = secure_->full;
        tally_.resumed_handshakes = secure_->resumed;
    }
    tally_.cpu_seconds = thread_cpu_seconds() - std::max(cpu_at_start_, 0.0);
}

void LoadThread::stop() {
    boost::asio::post(io_, [this] { end_sending(); });
}

// Asks the workload for the slot's next request and sends it, now or after the think time.
void LoadThread::begin(std::uint32_t id, Nanos intended) {
    Slot& slot = slots_[id];
    if (sending_ended_ || begun_ >= request_limit_) {
        slot.state = State::parked;
        return;
    }
    slot.call = Call{};
    workload_->next(id, slot.call);
    if (slot.call.none) {
        slot.state = State::parked;
        return;
    }
    ++begun_;
    slot.attempts = 0;
    slot.intended = intended;
    if (slot.unreachable && !open_loop()) slot.intended += kUnreachablePause;
    slot.unreachable = false;
    if (!open_loop() && (slot.call.think > 0 || slot.intended > intended)) {
        slot.intended += slot.call.think;
        slot.free_since = slot.intended;
        slot.state = State::thinking;
        thinking_.emplace(slot.intended, id);
        arm();
        return;
    }
    if (!open_loop()) slot.free_since = intended;
    launch(slot, id);
}

void LoadThread::finish(Slot& slot, std::uint32_t id, Failure failure) {
    Outcome outcome;
    outcome.slot = id;
    outcome.tag = slot.call.tag;
    outcome.intended = slot.intended;
    outcome.sent = slot.sent;
    outcome.done = now();
    outcome.status = slot.reader.status();
    outcome.colour = slot.reader.colour();
    outcome.generation = slot.reader.generation();
    outcome.grpc_status = slot.reader.grpc_status();
    outcome.attempts = slot.attempts;
    outcome.failure = failure;
    outcome.response = &slot.reader;
    if (failure == Failure::none)
        ++tally_.all.answered;
    else
        ++tally_.all.failures[static_cast<std::size_t>(failure)];
    const bool keep =
        failure == Failure::none && slot.reader.keep_alive() && !plan_.close_each && slot.state == State::receiving;
    if (!keep) close(slot);
    if (slot.stream != 0 || slot.state == State::connecting) leave_line(slot, id);
    const Verdict verdict = workload_->finished(outcome);
    if (verdict.reconnect) close(slot);
    if (verdict.retry && slot.attempts < kMaxAttempts) {
        if (outcome.intended >= tally_.measured_from) ++tally_.retried;
        launch(slot, id);
        return;
    }
    const Nanos due = std::max(slot.intended, slot.free_since);
    tally_.account(outcome, verdict.failure, outcome.attempts == 1 ? slot.launched - due : 0);
    slot.free_since = outcome.done;
    slot.unreachable = failure == Failure::refused || failure == Failure::connect_timeout;
    release(slot, id);
}

void LoadThread::release(Slot& slot, std::uint32_t id) {
    slot.state = State::idle;
    if (sending_ended_) {
        settle();
        return;
    }
    if (!open_loop()) {
        if (slot.free_since >= end_) {
            end_sending();
            return;
        }
        begin(id, slot.free_since);
        if (slot.state == State::parked) settle();
        return;
    }
    free_ring_[(free_head_ + free_count_) % free_ring_.size()] = id;
    ++free_count_;
}

// Sends everything that is due and has a free connection; sets the timer for the rest.
void LoadThread::send_due() {
    if (sending_ended_) return;
    Nanos t = now();
    if (t >= end_) {
        end_sending();
        return;
    }
    if (cpu_at_start_ < 0 && t >= tally_.measured_from) cpu_at_start_ = thread_cpu_seconds();
    if (open_loop()) {
        while (free_count_ > 0 && begun_ < request_limit_ && pacer_.next() <= t && pacer_.next() < end_) {
            const std::uint32_t id = free_ring_[free_head_];
            free_head_ = (free_head_ + 1) % free_ring_.size();
            --free_count_;
            begin(id, pacer_.take());
            t = now();
        }
        if (begun_ >= request_limit_) {
            end_sending();
            return;
        }
    } else {
        while (!thinking_.empty() && thinking_.top().first <= t) {
            const std::uint32_t id = thinking_.top().second;
            thinking_.pop();
            launch(slots_[id], id);
        }
    }
    arm();
}

void LoadThread::arm() {
    Nanos next = end_;
    if (open_loop() && free_count_ > 0) next = std::min(next, pacer_.next());
    if (!thinking_.empty()) next = std::min(next, thinking_.top().first);
    if (next == INT64_MAX || next == armed_for_) return;
    armed_for_ = next;
    timer_.expires_at(as_time_point(next));
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        armed_for_ = INT64_MAX;
        send_due();
        flush_lines();
    });
}

void LoadThread::sweep() {
    const Nanos t = now();
    for (std::uint32_t id = 0; id < slots_.size(); ++id) {
        Slot& slot = slots_[id];
        if (!in_flight(slot) || t < slot.deadline) continue;
        const bool connects = slot.state == State::connecting || slot.state == State::shaking;
        finish(slot, id, connects ? Failure::connect_timeout : Failure::timeout);
    }
    progress_.finished.store(tally_.finished, std::memory_order_relaxed);
    progress_.failed.store(tally_.failed(), std::memory_order_relaxed);
    send_due();
    flush_lines();
    if (sending_ended_) {
        settle();
        if (io_.stopped()) return;
    }
    sweep_timer_.expires_at(as_time_point(t + kSweep));
    sweep_timer_.async_wait([this](boost::system::error_code error) {
        if (!error) sweep();
    });
}

// No request is begun from here on; what is on the wire may finish within its time limit.
void LoadThread::end_sending() {
    if (sending_ended_) return;
    sending_ended_ = true;
    const Nanos t = std::min(now(), end_);
    tally_.measured_until = std::max(t, tally_.measured_from);
    if (open_loop() && plan_.requests == 0) {
        // What was due but found no free connection has waited at least until now. Leaving it out would flatter.
        while (pacer_.next() < t) {
            const Nanos intended = pacer_.take();
            if (intended < tally_.measured_from) continue;
            ++tally_.unsent;
            tally_.latency.record(t - intended);
        }
    }
    settle();
}

// Ends the thread once nothing is on the wire.
void LoadThread::settle() {
    if (!sending_ended_) {
        const bool any = std::any_of(slots_.begin(), slots_.end(), [this](const Slot& s) {
            return in_flight(s) || s.state == State::thinking || (open_loop() && s.state == State::idle);
        });
        if (any) return;
        end_sending();
        return;
    }
    for (const Slot& slot : slots_)
        if (in_flight(slot)) return;
    progress_.finished.store(tally_.finished, std::memory_order_relaxed);
    progress_.failed.store(tally_.failed(), std::memory_order_relaxed);
    io_.stop();
}

}  // namespace yardbench
