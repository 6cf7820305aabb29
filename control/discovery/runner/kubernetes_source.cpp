#include "control/discovery/runner/kubernetes_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "control/discovery/runner/chance.h"
#include "control/discovery/runner/url_part.h"

namespace switchyard::control::discovery {
namespace {

using std::chrono::milliseconds;
using Read = KubernetesSlices::Read;

constexpr unsigned kGone = 410;
constexpr std::size_t kShownBody = 200;

// Where a program in the cluster finds the API server.
std::string api_url(const config::KubernetesApi& api) {
    if (!api.url.empty()) return api.url;
    const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
    const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
    if (host == nullptr) return "https://kubernetes.default.svc";
    const std::string name = host;
    return fmt::format("https://{}:{}", name.find(':') == std::string::npos ? name : '[' + name + ']',
                       port == nullptr ? "443" : port);
}

std::string words_of(const net::HttpAnswer& answer) {
    if (answer.status == 0) return answer.error;
    return fmt::format("{} {}", answer.status, answer.body.substr(0, kShownBody));
}

}  // namespace

KubernetesSource::KubernetesSource(const Surroundings& around, config::DiscoverKubernetes what)
    : api_(around.sources.kubernetes),
      what_(std::move(what)),
      client_(around.executor, {api_url(api_), {api_.ca_file}}),
      side_(around.executor, {api_url(api_), {api_.ca_file}}),
      token_(around.executor,
             api_.token_file.empty() ? config::Secret{} : config::Secret{config::Secret::From::file, api_.token_file}),
      slices_(what_.port),
      timer_(around.executor) {}

void KubernetesSource::start(Heard heard) {
    heard_ = std::move(heard);
    list();
}

void KubernetesSource::look() {
    if (std::exchange(looking_, true)) return;
    // Beside the watch, whose own state it leaves alone.
    const auto now = std::make_shared<Listing>(what_.port);
    now->done = [this, &now = *now](const std::string& why) {
        looking_ = false;
        if (why.empty()) heard_(now.slices.sighting());  // what fails is told by the list and the watch
    };
    read_page(side_, now);
}

void KubernetesSource::call(const std::string& more, Called called, Unread unread) {
    net::HttpCall out;
    out.target = fmt::format(
        "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{}{}",
        url_part(what_.name_space), url_part(what_.service), more);
    out.headers = {{"Accept", "application/json"}};
    out.limit = kCall;
    token_.read([out = std::move(out), called = std::move(called), unread = std::move(unread)](
                    const std::optional<std::string>& token, std::string why) mutable {
        if (!token) return unread(std::move(why));
        if (!token->empty()) out.headers.emplace_back("Authorization", "Bearer " + *token);
        called(std::move(out));
    });
}

void KubernetesSource::read_page(net::HttpClient& client, const std::shared_ptr<Listing>& listing) {
    const auto& next = listing->slices.next();
    const auto more = fmt::format("&limit={}{}", kPage, next.empty() ? "" : "&continue=" + url_part(next));
    call(
        more,
        [this, &client, listing](net::HttpCall asked) {
            client.ask(std::move(asked), [this, &client, listing](net::HttpAnswer answer) {
                if (!answer.ok()) return listing->done(words_of(answer));
                std::string why;
                const bool goes_on = listing->pages++ > 0;
                if (listing->slices.list(answer.body, goes_on, &why) != Read::changed) return listing->done(why);
                if (listing->slices.next().empty()) return listing->done("");
                if (listing->pages == kMostPages)
                    return listing->done(fmt::format("its list has more than {} pages", kMostPages));
                read_page(client, listing);
            });
        },
        [listing](const std::string& why) { listing->done(why); });
}

void KubernetesSource::list() {
    const auto listing = std::make_shared<Listing>(what_.port);
    listing->done = [this, &listing = *listing](std::string why) {
        if (!why.empty()) return failed(std::move(why));
        slices_ = std::move(listing.slices);
        failures_ = 0;
        watch();
        heard_(slices_.sighting());
    };
    read_page(client_, listing);
}

void KubernetesSource::watch() {
    call(
        fmt::format("&watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}", kWatch.count(),
                    url_part(slices_.version())),
        [this](net::HttpCall watching) { watch_by(std::move(watching)); },
        [this](std::string why) { failed(std::move(why)); });
}

void KubernetesSource::watch_by(net::HttpCall watching) {
    watching.limit = kSilence;
    const auto verdict = std::make_shared<std::pair<Read, std::string>>(Read::same, "");
    client_.stream(
        std::move(watching),
        [this, verdict](std::string_view line) {
            if (verdict->first == Read::stale || verdict->first == Read::broken || line.empty()) return;
            verdict->first = slices_.event(line, &verdict->second);
            if (verdict->first != Read::changed) return;
            failures_ = 0;
            heard_(slices_.sighting());
        },
        [this, verdict](net::HttpAnswer answer) {
            // Not at once: one whose every watch is gone would be asked without end.
            // An event ends with its line: what is behind the last one is half of one, or none.
            const bool going_on = verdict->first == Read::same || verdict->first == Read::changed;
            if (answer.ok() && !answer.body.empty() && going_on) {
                verdict->first = slices_.event(answer.body, &verdict->second);
                if (verdict->first == Read::changed) heard_(slices_.sighting());
            }
            if (verdict->first == Read::stale || answer.status == kGone) return again(kPause, &KubernetesSource::list);
            if (verdict->first == Read::broken) return failed(std::move(verdict->second));
            if (!answer.ok()) return failed(words_of(answer));
            again(kPause, &KubernetesSource::watch);  // its time was over
        });
}

void KubernetesSource::failed(std::string why) {
    again(less_up_to(0.5, std::min<milliseconds>(kFirstRetry * (1U << std::min(failures_++, 5U)), kLastRetry)),
          &KubernetesSource::list);
    heard_(Sighting::failed(std::move(why)));
}

void KubernetesSource::again(milliseconds pause, void (KubernetesSource::*what)()) {
    timer_.expires_after(pause);
    timer_.async_wait([this, what, alive = std::weak_ptr(alive_)](boost::system::error_code ec) {
        if (!ec && !alive.expired()) (this->*what)();
    });
}

}  // namespace switchyard::control::discovery
