#include <fmt/format.h>
#include <fmt/ranges.h>

#include "control/discovery/runner/consul_source.h"
#include "control/discovery/runner/dns_source.h"
#include "control/discovery/runner/etcd_source.h"
#include "control/discovery/runner/file_source.h"
#include "control/discovery/runner/kubernetes_source.h"
#include "control/discovery/runner/source.h"

namespace switchyard::control::discovery {

std::unique_ptr<EndpointSource> make_source(const Surroundings& around, const config::Discover& discover,
                                            const config::Discovery& rules) {
    if (discover.file) return std::make_unique<FileSource>(around.executor, discover.file->path);
    if (discover.etcd) return std::make_unique<EtcdSource>(around, *discover.etcd);
    if (discover.consul) return std::make_unique<ConsulSource>(around, *discover.consul);
    if (discover.kubernetes) return std::make_unique<KubernetesSource>(around, *discover.kubernetes);
    return std::make_unique<DnsSource>(around, discover, rules);
}

std::string source_words(const config::Discover& discover) {
    if (discover.file) return "file " + discover.file->path;
    if (discover.dns) return fmt::format("dns {}:{}", discover.dns->name, discover.dns->port);
    if (discover.srv) return "srv " + discover.srv->name;
    if (discover.etcd) return "etcd " + discover.etcd->prefix;
    if (discover.consul)
        return fmt::format(
            "consul {}{}{}", discover.consul->service,
            discover.consul->tags.empty() ? "" : fmt::format(" tagged {}", fmt::join(discover.consul->tags, ", ")),
            discover.consul->datacenter.empty() ? "" : " in " + discover.consul->datacenter);
    if (discover.kubernetes)
        return fmt::format("kubernetes {}/{}{}", discover.kubernetes->name_space, discover.kubernetes->service,
                           discover.kubernetes->port.empty() ? "" : " port " + discover.kubernetes->port);
    return "nothing";
}

}  // namespace switchyard::control::discovery
