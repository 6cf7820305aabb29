#include "control/discovery/runner/kubernetes_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "config/model/secret_value.h"
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
      client_(around.executor, {api_url(api_), api_.ca_file}),
      side_(around.executor, {api_url(api_), api_.ca_file}),
      slices_(what_.port),
      timer_(around.executor) {}

void KubernetesSource::start(Heard heard) {
    heard_ = std::move(heard);
    list();
}

void KubernetesSource::look() {
    if (looking_) return;
    std::string unreadable;
    auto asked = call("", &unreadable);
    if (!asked) return;  // the list and the watch say so
    looking_ = true;
    side_.ask(std::move(*asked), [this](net::HttpAnswer answer) {
        looking_ = false;
        // Beside the watch, whose own state it leaves alone.
        KubernetesSlices now(what_.port);
        std::string why;
        if (answer.ok() && now.list(answer.body, &why) == Read::changed) heard_(now.sighting());
    });
}

std::optional<net::HttpCall> KubernetesSource::call(const std::string& more, std::string* why) const {
    std::optional<std::string> token;
    if (!api_.token_file.empty()) {
        token = config::secret_value({config::Secret::From::file, api_.token_file}, why);
        if (!token) return std::nullopt;
    }
    net::HttpCall out;
    out.target = fmt::format(
        "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3D{}{}",
        url_part(what_.name_space), url_part(what_.service), more);
    out.headers = {{"Accept", "application/json"}};
    if (token) out.headers.emplace_back("Authorization", "Bearer " + *token);
    out.limit = kCall;
    return out;
}

void KubernetesSource::list() {
    std::string unreadable;
    auto asked = call("", &unreadable);
    if (!asked) return failed(std::move(unreadable));
    client_.ask(std::move(*asked), [this](net::HttpAnswer answer) {
        std::string why;
        if (!answer.ok()) return failed(words_of(answer));
        if (slices_.list(answer.body, &why) != Read::changed) return failed(std::move(why));
        failures_ = 0;
        watch();
        heard_(slices_.sighting());
    });
}

void KubernetesSource::watch() {
    std::string unreadable;
    auto watching = call(fmt::format("&watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
                                     kWatch.count(), url_part(slices_.version())),
                         &unreadable);
    if (!watching) return failed(std::move(unreadable));
    watching->limit = kSilence;
    const auto verdict = std::make_shared<std::pair<Read, std::string>>(Read::same, "");
    client_.stream(
        std::move(*watching),
        [this, verdict](std::string_view line) {
            if (verdict->first == Read::stale || verdict->first == Read::broken || line.empty()) return;
            verdict->first = slices_.event(line, &verdict->second);
            if (verdict->first != Read::changed) return;
            failures_ = 0;
            heard_(slices_.sighting());
        },
        [this, verdict](net::HttpAnswer answer) {
            // Not at once: one whose every watch is gone would be asked without end.
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
