// Task<T>: a coroutine that starts when awaited and resumes its awaiter when it ends; spawn() starts one that is not
// awaited.
//
// Why not boost::asio::awaitable: it type-erases executors and completion handlers at every level; a worker is one
//   thread and one loop and needs neither (docs/decisions/0002). Frames come from a per-thread free list, so a warm
//   worker allocates nothing per exchange.
// Threads: a task lives and dies on the thread that started it.
// Errors: the outside world is a value. An exception that leaves a task travels to the awaiter; one that leaves a
//   spawned task is handed to its `failed` callback and never crosses the event loop.
// g++ 12: parameters by value, no capturing lambda in an expression with co_await.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <utility>

namespace switchyard::net {

// Free lists of coroutine frames by size class, one set per thread. In line: a request takes and gives back seven
// frames, each of a size that the compiler knows.
class FrameCache {
  public:
    static void* allocate(std::size_t size) {
        const std::size_t index = size_class(size);
        if (index < kClasses) {
            List& list = lists[index];
            if (Free* const frame = list.first) {
                list.first = frame->next;
                --list.count;
                return frame;
            }
        }
        return allocate_anew(index, size);
    }
    static void release(void* frame, std::size_t size) {
        const std::size_t index = size_class(size);
        if (index >= kClasses || lists[index].count >= kKeep) return ::operator delete(frame);
        List& list = lists[index];
        list.first = new (frame) Free{list.first};
        ++list.count;
    }
    // Gives back to the system what the calling thread holds.
    static void trim();

  private:
    static constexpr std::size_t kStep = 128;    // size classes are multiples of this
    static constexpr std::size_t kClasses = 64;  // frames up to 8 KiB are kept
    static constexpr std::uint32_t kKeep = 256;  // per class; more than that was a burst

    // A frame that is free holds the way to the next one.
    struct Free {
        Free* next;
    };
    struct List {
        Free* first;
        std::uint32_t count;
    };
    static constexpr std::size_t size_class(std::size_t size) { return (size + kStep - 1) / kStep; }
    static void* allocate_anew(std::size_t index, std::size_t size);

    // Without a destructor, so that an access is an access: one that has to be ended costs a check each time.
    static constinit thread_local std::array<List, kClasses> lists;
};

namespace detail {

struct FramePromise {
    static void* operator new(std::size_t size) { return FrameCache::allocate(size); }
    static void operator delete(void* frame, std::size_t size) { FrameCache::release(frame, size); }
};

template <class Promise>
struct ResumeAwaiter {
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
        return self.promise().awaiter;
    }
    void await_resume() const noexcept {}
};

template <class T>
struct ValuePromise : FramePromise {
    std::coroutine_handle<> awaiter;
    std::exception_ptr failure;
    T value{};
    void return_value(T v) { value = std::move(v); }
    void unhandled_exception() { failure = std::current_exception(); }
    T take() {
        if (failure) std::rethrow_exception(failure);
        return std::move(value);
    }
};

template <>
struct ValuePromise<void> : FramePromise {
    std::coroutine_handle<> awaiter;
    std::exception_ptr failure;
    void return_void() {}
    void unhandled_exception() { failure = std::current_exception(); }
    void take() {
        if (failure) std::rethrow_exception(failure);
    }
};

}  // namespace detail

template <class T = void>
class [[nodiscard]] Task {
  public:
    struct promise_type : detail::ValuePromise<T> {
        Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        detail::ResumeAwaiter<promise_type> final_suspend() noexcept { return {}; }
    };

    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task() {
        if (handle_) handle_.destroy();
    }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) noexcept {
        handle_.promise().awaiter = awaiter;
        return handle_;
    }
    T await_resume() { return handle_.promise().take(); }

  private:
    explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

// A coroutine that runs by itself: started by start(), destroyed (cancelled) with its owner, or over when done() was
// called, which may destroy the owner.
class Running {
  public:
    struct promise_type : detail::FramePromise {
        std::exception_ptr failure;
        Running get_return_object() { return Running(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { failure = std::current_exception(); }
    };

    Running() = default;
    Running(Running&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Running& operator=(Running&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Running() {
        if (handle_) handle_.destroy();
    }
    std::coroutine_handle<> handle() const { return handle_; }
    bool done() const { return handle_ && handle_.done(); }
    std::exception_ptr failure() const { return handle_ ? handle_.promise().failure : nullptr; }

  private:
    explicit Running(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
    std::coroutine_handle<promise_type> handle_;
};

}  // namespace switchyard::net
