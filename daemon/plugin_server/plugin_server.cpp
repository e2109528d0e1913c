// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/plugin_server/plugin_server.hpp"

#include "common/cred/key.hpp"
#include "common/cred/munge.hpp"
#include "daemon/plugin_server/engine.hpp"

#include <sys/eventfd.h>

namespace sluice::plugin_server {
namespace {

Result<std::unique_ptr<cred::Sealer>> make_sealer(const PluginServerSettings& settings) {
    if (settings.key_file.empty())
        return cred::as_sealer(cred::MungeContext::create(settings.munge_socket));
    return cred::as_sealer(cred::KeySealer::create(settings.key_file, settings.allowed_uid));
}

} // namespace

PluginServer::PluginServer(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
PluginServer::~PluginServer() = default;

Result<std::unique_ptr<PluginServer>> PluginServer::start(const PluginServerSettings& settings,
                                                          const Clock& clock) {
    std::vector<Listener> listeners;
    for (const auto& where : settings.listen) {
        auto listener = Listener::open(where);
        if (!listener)
            return std::move(listener).error();
        listeners.push_back(std::move(*listener));
    }
    auto sealer = make_sealer(settings);
    if (!sealer)
        return std::move(sealer).error();
    UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake)
        return Error{Errc::internal, "plugin_server: eventfd"};
    auto engine = std::make_unique<Engine>(std::move(listeners), std::move(*sealer),
                                           std::move(wake), settings, clock);
    try {
        engine->start();
    } catch (const std::system_error&) {
        return Error{Errc::internal, "plugin_server: no thread"};
    }
    return std::unique_ptr<PluginServer>(new PluginServer(std::move(engine)));
}

void PluginServer::publish(std::shared_ptr<const model::Snapshot> snapshot) {
    if (snapshot)
        engine_->publish(*snapshot);
}

ports::PluginServerStatus PluginServer::status() const {
    return engine_->status();
}

const std::vector<std::uint16_t>& PluginServer::listening_ports() const {
    return engine_->listening_ports();
}

} // namespace sluice::plugin_server
