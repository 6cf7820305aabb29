#include "forum/server/http_server.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "forum/server/answer_text.h"
#include "forum/server/client.h"
#include "forum/server/client_table.h"
#include "forum/server/work_places.h"

namespace forum {

namespace {

using Stage = Client::Stage;
using std::chrono::milliseconds;

// How exactly limits of time are kept.
constexpr milliseconds kSweepEvery{250};
// How long a refusal may take to reach its reader before the connection is closed under it.
constexpr milliseconds kLingerTime{1'000};
// Threads that read, and answer probes, while all others are taken by requests.
constexpr std::size_t kReserve = 3;
// What brings less than this of a request that is not whole with it comes in crumbs.
constexpr std::size_t kCrumb = 1'024;
// Crumbs are read when nothing else wants the processor, or with a tenth of it.
constexpr int kCrumbNice = 10;
// Without a descriptor for it a connection cannot be accepted; others have to end first.
constexpr milliseconds kNoDescriptorPause{10};

void signal_event(int event) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t told = ::write(event, &one, sizeof one);
}

bool is_probe(std::string_view path) {
    return path == "/livez" || path == "/readyz" || path == "/startupz" || path == "/metrics" || path == "/drain";
}

bool has_hung_up(int socket) {
    pollfd watched{socket, POLLRDHUP, 0};
    return ::poll(&watched, 1, 0) > 0;
}

Answer too_slow() {
    return problem(408, "too-slow", "the request was not there in time");
}

}  // namespace

class HttpServer::Loop {
  public:
    Loop(ListeningSocket& listening, const HttpOptions& options, Lifecycle& lifecycle, HttpServer::Handler answer)
        : listening_(listening),
          options_(options),
          lifecycle_(lifecycle),
          answer_(std::move(answer)),
          held_(options.held_bytes),
          clients_(held_),
          places_(options.threads),
          epoll_(::epoll_create1(EPOLL_CLOEXEC)),
          crumbs_(::epoll_create1(EPOLL_CLOEXEC)),
          wake_(::eventfd(0, EFD_CLOEXEC)),
          leave_(::eventfd(0, EFD_CLOEXEC)) {
        if (epoll_ < 0 || crumbs_ < 0 || wake_ < 0 || leave_ < 0)
            throw std::runtime_error("no descriptors for the poll loop");
        epoll_event event{};
        event.events = EPOLLIN;
        // Without a client: every thread sees it and leaves.
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, leave_, &event);
        ::epoll_ctl(crumbs_, EPOLL_CTL_ADD, leave_, &event);
    }
    ~Loop() {
        ::close(epoll_);
        ::close(crumbs_);
        ::close(wake_);
        ::close(leave_);
    }

    void stop() {
        stopping_ = true;
        signal_event(wake_);
    }

    void run() {
        add_thread();
        std::thread crumbs([this] { read_crumbs(); });
        auto swept_at = steady_ms();
        while (!stopping_) {
            std::array<pollfd, 2> watched = {pollfd{listening_.descriptor(), POLLIN, 0}, pollfd{wake_, POLLIN, 0}};
            ::poll(watched.data(), watched.size(), static_cast<int>(kSweepEvery.count()));
            if (watched[0].revents != 0) accept_all();
            if (const auto at = steady_ms(); at - swept_at >= kSweepEvery.count()) {
                clients_.end_overdue(at);
                swept_at = at;
            }
        }
        listening_.close();
        do {
            clients_.end_idle();
            clients_.end_overdue(steady_ms());
        } while (!clients_.wait_until_empty(milliseconds(20)));
        signal_event(leave_);
        crumbs.join();
        const std::lock_guard guard(threads_mutex_);
        for (std::thread& thread : threads_) thread.join();
    }

  private:
    void accept_all() {
        for (;;) {
            const int socket = ::accept4(listening_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (socket < 0) {
                if (errno != EMFILE && errno != ENFILE) return;
                clients_.end_one();
                std::this_thread::sleep_for(kNoDescriptorPause);
                return;
            }
            if (clients_.size() >= options_.connections) clients_.end_one();
            Client& client = clients_.add(std::make_unique<Client>(socket, options_.reader, held_));
            ++lifecycle_.connections;
            enter(client, Stage::idle, options_.idle_limit);
            arm(client, EPOLLIN, EPOLL_CTL_ADD);
        }
    }

    // One is always there to read: who takes the last free one's work makes another.
    void add_thread() {
        const std::lock_guard guard(threads_mutex_);
        if (threads_.size() == options_.threads + kReserve) return;
        try {
            threads_.emplace_back([this] { work(); });
        } catch (const std::system_error&) {
            // The machine has no more; those that there are go on, and only without any there would be none.
            if (threads_.empty()) throw;
        }
    }

    void work() {
        for (;;) {
            free_.fetch_add(1, std::memory_order_relaxed);
            epoll_event event{};
            const int count = ::epoll_wait(epoll_, &event, 1, -1);
            const bool last = free_.fetch_sub(1, std::memory_order_relaxed) == 1;
            if (count < 0) continue;
            if (event.data.ptr == nullptr) return;
            if (last && !all_threads_made_) {
                add_thread();
                const std::lock_guard guard(threads_mutex_);
                all_threads_made_ = threads_.size() == options_.threads + kReserve;
            }
            take_turn(*static_cast<Client*>(event.data.ptr));
            while (auto next = places_.next()) {
                lifecycle_.requests_waiting = static_cast<std::int64_t>(places_.waiting());
                serve(*next->client, next->call);
                places_.leave();
                proceed(*next->client);
            }
        }
    }

    // A thousand clients who send a byte a second, all in the same moment, would wake as many threads, and who asks
    // just then would stand behind them. So one thread reads for all of them, and gives way to those who answer.
    void read_crumbs() {
        ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kCrumbNice);
        for (;;) {
            epoll_event event{};
            if (::epoll_wait(crumbs_, &event, 1, -1) < 0) continue;
            if (event.data.ptr == nullptr) return;
            take_crumb(*static_cast<Client*>(event.data.ptr));
        }
    }

    void take_crumb(Client& client) {
        if (client.receive() == Client::Received::closed) {
            return client.expired ? refuse(client, too_slow()) : close(client);
        }
        const RequestReader::State state = client.read_request();
        if (state == RequestReader::State::more && !client.reader().awaits_continue()) return wait_for_more(client);
        // There is something to answer: others do that.
        client.hold(state);
        arm(client, EPOLLOUT);
    }

    // From here on another thread may have the client.
    void arm(Client& client, std::uint32_t events, int how = EPOLL_CTL_MOD) {
        epoll_event event{};
        event.events = events | EPOLLONESHOT;
        event.data.ptr = &client;
        ::epoll_ctl(epoll_, how, client.socket(), &event);
    }

    void arm_for_crumbs(Client& client) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLONESHOT;
        event.data.ptr = &client;
        ::epoll_ctl(crumbs_, std::exchange(client.brought_crumbs, true) ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
                    client.socket(), &event);
    }

    static void enter(Client& client, Stage stage, milliseconds limit) {
        const std::int64_t at = steady_ms();
        client.since_ms.store(at, std::memory_order_relaxed);
        client.deadline_ms.store(at + limit.count(), std::memory_order_relaxed);
        client.stage.store(stage, std::memory_order_release);
    }

    void close(Client& client) {
        --lifecycle_.connections;
        clients_.remove(client);
    }

    void take_turn(Client& client) {
        const Stage stage = client.stage;
        if (stage == Stage::lingering) {
            if (client.discard() && !client.expired) return arm(client, EPOLLIN);
            return close(client);
        }
        if (stage == Stage::sending) {
            if (client.expired) return close(client);
            return proceed(client);
        }
        switch (client.receive()) {
            case Client::Received::closed:
                return client.expired && client.reader().begun() ? refuse(client, too_slow()) : close(client);
            case Client::Received::nothing:
            case Client::Received::some:
                return proceed(client);
        }
    }

    // Sends, reads and answers until one of them has to wait.
    void proceed(Client& client) {
        while (send(client)) {
            switch (client.read_request()) {
                case RequestReader::State::more:
                    if (!client.reader().wants_continue()) return wait_for_more(client);
                    client.out() += "HTTP/1.1 100 Continue\r\n\r\n";
                    break;
                case RequestReader::State::refused:
                    return refuse(client, client.reader().refusal());
                case RequestReader::State::whole: {
                    Call call = client.reader().take_call();
                    client.account();
                    enter(client, Stage::working, milliseconds(0));
                    const bool needs_place = !is_probe(call.path);
                    if (needs_place && !places_.enter(client, call)) {
                        lifecycle_.requests_waiting = static_cast<std::int64_t>(places_.waiting());
                        return;
                    }
                    serve(client, call);
                    if (needs_place) places_.leave();
                }
            }
        }
    }

    void wait_for_more(Client& client) {
        const bool begun = client.reader().begun();
        if (client.expired) return begun ? refuse(client, too_slow()) : close(client);
        // What came first may be a head whose body is on its way.
        const bool crumb = begun && client.stage == Stage::receiving && client.came() < kCrumb;
        if (begun && client.stage != Stage::receiving) {
            enter(client, Stage::receiving, options_.read_limit);
        } else if (!begun) {
            enter(client, Stage::idle, options_.idle_limit);
        }
        client.account();
        if (held_.too_many()) clients_.end_largest_holders();
        if (crumb) return arm_for_crumbs(client);
        arm(client, EPOLLIN);
    }

    void serve(Client& client, Call& call) {
        call.client_gone = [socket = client.socket()] { return has_hung_up(socket); };
        Answer answer;
        if (steady_ms() - client.since_ms > options_.request_limit.count()) {
            answer = problem(503, "busy", "too many requests at once; nothing was done, try again");
        } else {
            answer = answer_(call);
        }
        const RequestReader& reader = client.reader();
        client.close_after_sending = !reader.keeps_alive() || ++client.served == options_.requests_per_connection ||
                                     stopping_ || lifecycle_.draining || client.expired;
        client.linger = reader.leaves_unread();
        append_answer(client.out(), answer,
                      {lifecycle_.version_label, lifecycle_.colour, call.request_id, call.method == "HEAD",
                       reader.is_http_1_0(), client.close_after_sending});
    }

    void refuse(Client& client, const Answer& answer) {
        enter(client, Stage::working, milliseconds(0));
        client.close_after_sending = true;
        client.linger = true;
        append_answer(client.out(), answer, {lifecycle_.version_label, lifecycle_.colour, "", false, false, true});
        (void)send(client);
    }

    // True when all is sent and the connection goes on; otherwise another thread goes on with it, or none.
    bool send(Client& client) {
        switch (client.send()) {
            case Client::Sent::broken:
                close(client);
                return false;
            case Client::Sent::blocked:
                if (client.stage != Stage::sending) enter(client, Stage::sending, options_.request_limit);
                client.account();
                if (held_.too_many()) clients_.end_largest_holders();
                arm(client, EPOLLOUT);
                return false;
            case Client::Sent::all:
                break;
        }
        if (!client.close_after_sending) return true;
        if (!client.linger) {
            close(client);
            return false;
        }
        client.end_sending();
        client.account();
        enter(client, Stage::lingering, kLingerTime);
        arm(client, EPOLLIN);
        return false;
    }

    ListeningSocket& listening_;
    HttpOptions options_;
    Lifecycle& lifecycle_;
    HttpServer::Handler answer_;
    HeldBytes held_;
    ClientTable clients_;
    WorkPlaces places_;
    int epoll_;
    int crumbs_;
    int wake_;
    int leave_;
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> all_threads_made_ = false;
    std::atomic<int> free_ = 0;  // threads that wait in the poll loop
    std::mutex threads_mutex_;
    std::vector<std::thread> threads_;
};

HttpServer::HttpServer(ListeningSocket& listening, const HttpOptions& options, Lifecycle& lifecycle, Handler answer)
    : loop_(std::make_unique<Loop>(listening, options, lifecycle, std::move(answer))) {}

HttpServer::~HttpServer() = default;

void HttpServer::run() {
    loop_->run();
}
void HttpServer::stop() {
    loop_->stop();
}

}  // namespace forum
