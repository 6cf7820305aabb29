// A file that is read again and again, by a caller that waits for its disk no longer than kPatience.
//
// One reading at a time: who asks while one is under way gets what it brings; one that hangs is waited for by its own
//   thread alone, and the next one begins when it has come back.
// Threads: that of the executor. `done` is called from the loop, never from inside ask(), and never after the
//   destructor; it may be the end of this.
#pragma once

#include <fmt/format.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/base/disk_errands.h"

namespace switchyard::control::net {

// A disk that works answers within milliseconds, a network's within a second or two.
inline constexpr std::chrono::seconds kPatience{5};

inline std::string unanswered(const std::string& path) {
    return fmt::format("{} cannot be read: its disk has not answered for {} s", path, kPatience.count());
}

template <class T>
class PatientRead {
  public:
    using Done = std::function<void(std::optional<T>)>;  // nothing: the disk does not answer

    explicit PatientRead(const boost::asio::any_io_executor& executor, std::chrono::milliseconds patience = kPatience)
        : timer_(executor),
          patience_(patience),
          errands_([executor](std::function<void()> then) { boost::asio::post(executor, std::move(then)); }) {}

    // `work` runs beside; it owns what it works on.
    void ask(std::function<T()> work, Done done) {
        waiting_.push_back(std::move(done));
        if (waiting_.size() == 1) answer_after(patience_);
        if (std::exchange(reading_, true)) return;
        const bool begun = errands_.run<T>(std::move(work), [this](T value) {
            reading_ = false;
            answer(std::move(value));
        });
        if (begun) return;
        reading_ = false;
        answer_after(std::chrono::milliseconds{0});
    }

  private:
    void answer_after(std::chrono::milliseconds pause) {
        timer_.expires_after(pause);
        timer_.async_wait([this, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
            if (ec || alive.expired()) return;
            if (timer_.expiry() <= boost::asio::steady_timer::clock_type::now()) answer(std::nullopt);
        });
    }
    void answer(std::optional<T> value) {
        timer_.cancel();
        for (auto& done : std::exchange(waiting_, {})) {
            const std::weak_ptr alive = alive_;
            done(value);
            if (alive.expired()) return;
        }
    }

    boost::asio::steady_timer timer_;
    const std::chrono::milliseconds patience_;
    std::vector<Done> waiting_;
    bool reading_ = false;
    const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    DiskErrands errands_;
};

}  // namespace switchyard::control::net
