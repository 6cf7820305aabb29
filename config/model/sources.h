// Where registries are reached; what is discovered there stands at each upstream (discover.h).
#pragma once

#include <string>
#include <vector>

#include "config/model/secret.h"

namespace switchyard::config {

struct ConsulServer {
    std::string url = "http://127.0.0.1:8500";  // an agent's
    Secret token;
    std::string ca_file;  // for https; empty: the machine's own
    bool operator==(const ConsulServer&) const = default;
};

struct EtcdServers {
    std::vector<std::string> urls{"http://127.0.0.1:2379"};  // tried in turn
    std::string user;                                        // empty: no authentication
    Secret password;
    std::string ca_file;
    bool operator==(const EtcdServers&) const = default;
};

struct KubernetesApi {
    std::string url;  // empty: the cluster's that this runs in
    std::string token_file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    std::string ca_file = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
    bool operator==(const KubernetesApi&) const = default;
};

struct Sources {
    ConsulServer consul;
    EtcdServers etcd;
    KubernetesApi kubernetes;
    bool operator==(const Sources&) const = default;
};

}  // namespace switchyard::config
