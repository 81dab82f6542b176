//! From the configured route and receivers to the router and the notifiers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use cresset_connectors::notifiers::{
    Console, Smtp, SmtpConfig, SmtpLogin, SmtpSecurity, Webhook, WebhookConfig,
};
use cresset_connectors::stores::sqlite::SqliteStore;
use cresset_model::notification::Notification;
use cresset_model::ports::{BoxFuture, Clock, Notifier, NotifierInfo, PortError};
use cresset_model::secret::Secret;
use cresset_pipeline::router::{Grouping, RouteTree, Router};

use cresset_runtime::routing::{
    Delivery, DeliveryLimits, DeliveryPorts, ReceiverSet, RouterLoop, RouterNow, RouterPorts,
    Routing,
};
use tokio::sync::Notify;

use crate::config::{
    self, Config, Environment, HeaderValue, NotifierConfig, RouteConfig, resolve_secret,
};
use crate::exit::{Exit, Failure};

/// Who is told: each receiver with its notifiers, in the order of the file.
pub(crate) type Receivers = Vec<(String, Vec<Arc<dyn Notifier>>)>;

/// Builds the router; `None` without a route.
pub(crate) fn router(config: &Config) -> anyhow::Result<Option<Arc<Router>>> {
    let Some(route) = &config.route else {
        return Ok(None);
    };
    let counts: BTreeMap<String, usize> = config
        .receivers
        .iter()
        .map(|receiver| (receiver.name.clone(), receiver.notifiers.len()))
        .collect();
    let router = Router::new(tree(route), counts)
        .map_err(|error| Failure::new(Exit::Invalid, format!("the route is not valid: {error}")))?;
    Ok(Some(Arc::new(router.with_limits(config.outbox.router))))
}

fn tree(route: &RouteConfig) -> RouteTree {
    RouteTree {
        receiver: route.receiver.clone(),
        matchers: route.matchers.clone(),
        grouping: match &route.grouping {
            config::Grouping::EachAlert => Grouping::EachAlert,
            config::Grouping::Labels(labels) => Grouping::Labels(labels.clone()),
        },
        group_wait: route.group_wait,
        group_interval: route.group_interval,
        continues: route.continues,
        routes: route.routes.iter().map(tree).collect(),
    }
}

/// The loops behind the router: what it decides and what is delivered. `wake` says that something new was
/// committed.
pub(crate) fn routing(
    (router, limits): (RouterNow, DeliveryLimits),
    store: &Arc<SqliteStore>,
    clock: &Arc<dyn Clock>,
    (receivers, wake): (&Arc<ReceiverSet>, Arc<Notify>),
) -> Routing {
    let delivery = Arc::new(Notify::new());
    let ports = RouterPorts {
        outbox: Arc::clone(store) as _,
        store: Arc::clone(store) as _,
        clock: Arc::clone(clock),
        wake,
        delivery: Arc::clone(&delivery),
    };
    let router = RouterLoop::new(router, ports);
    let delivery = DeliveryPorts {
        outbox: Arc::clone(store) as _,
        clock: Arc::clone(clock),
        receivers: Arc::clone(receivers),
        wake: delivery,
    };
    let seed = clock.now().nanos().unsigned_abs();
    Routing {
        router,
        delivery: Delivery::new(delivery, seed).with_limits(limits),
    }
}

/// Builds the notifiers of every receiver.
pub(crate) fn receivers(
    config: &Config,
    environment: &Environment,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Receivers> {
    let mut receivers = Vec::with_capacity(config.receivers.len());
    for receiver in &config.receivers {
        let notifiers = receiver.notifiers.iter().map(|it| {
            let inner = notifier(it, environment, clock)?;
            let waits = receiver.retry_waits.clone();
            Ok(Arc::new(Paced { inner, waits }) as Arc<dyn Notifier>)
        });
        let notifiers = notifiers
            .collect::<anyhow::Result<_>>()
            .with_context(|| format!("set up the receiver `{}`", receiver.name))?;
        receivers.push((receiver.name.clone(), notifiers));
    }
    Ok(receivers)
}

/// A notifier with the waits of its receiver.
struct Paced {
    inner: Arc<dyn Notifier>,
    waits: Vec<Duration>,
}

impl Notifier for Paced {
    fn deliver<'a>(
        &'a self,
        notification: &'a Notification,
    ) -> BoxFuture<'a, Result<(), PortError>> {
        self.inner.deliver(notification)
    }

    fn info(&self) -> NotifierInfo {
        self.inner.info()
    }

    fn retry_waits(&self) -> &[Duration] {
        &self.waits
    }
}

fn notifier(
    config: &NotifierConfig,
    environment: &Environment,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Notifier>> {
    let invalid = |message: String| Failure::new(Exit::Invalid, message);
    Ok(match config {
        NotifierConfig::Console => {
            Arc::new(Console::new(Box::new(std::io::stdout()), Arc::clone(clock)))
        }
        NotifierConfig::Webhook(webhook) => {
            let webhook = Webhook::new(webhook_config(webhook, environment)?, Arc::clone(clock));
            Arc::new(webhook.map_err(|error| invalid(error.to_string()))?)
        }
        NotifierConfig::Smtp(smtp) => {
            let smtp = Smtp::new(smtp_config(smtp, environment)?);
            Arc::new(smtp.map_err(|error| invalid(error.to_string()))?)
        }
    })
}

fn webhook_config(
    webhook: &config::WebhookConfig,
    environment: &Environment,
) -> anyhow::Result<WebhookConfig> {
    let secrets = webhook.secret.iter().chain(&webhook.secret_previous);
    let headers = webhook.headers.iter().map(|(name, value)| {
        let value = match value {
            HeaderValue::Plain(text) => Secret::new(text.clone()),
            HeaderValue::Secret(secret) => resolve_secret(secret, environment)?,
        };
        Ok((name.clone(), value))
    });
    Ok(WebhookConfig {
        url: Secret::new(webhook.url.as_str().to_owned()),
        secrets: secrets
            .map(|secret| Ok(resolve_secret(secret, environment)?))
            .collect::<anyhow::Result<_>>()?,
        headers: headers.collect::<anyhow::Result<_>>()?,
        template: webhook.template.clone(),
        allow_private: webhook.allow_private.as_ref().map(ToString::to_string),
        timeout: webhook.timeout,
        ..WebhookConfig::default()
    })
}

fn smtp_config(smtp: &config::SmtpConfig, environment: &Environment) -> anyhow::Result<SmtpConfig> {
    let login = smtp.login.as_ref().map(|login| {
        let password = resolve_secret(&login.password, environment)?;
        anyhow::Ok(SmtpLogin {
            user: login.user.clone(),
            password,
        })
    });
    Ok(SmtpConfig {
        host: smtp.server.host.clone(),
        port: Some(smtp.server.port),
        allow_private: smtp.allow_private.as_ref().map(ToString::to_string),
        security: match smtp.security {
            config::SmtpSecurity::StartTls => SmtpSecurity::StartTls,
            config::SmtpSecurity::Tls => SmtpSecurity::Tls,
            config::SmtpSecurity::None => SmtpSecurity::None,
        },
        login: login.transpose()?,
        from: smtp.from.clone(),
        to: smtp.to.clone(),
        root_certificates: smtp.ca_file.clone(),
        ..SmtpConfig::default()
    })
}
