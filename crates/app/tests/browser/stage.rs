//! What one test has: a directory, services and browsers, all of which end after it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Context as _;

use crate::clock::Clock;
use crate::page::Page;
use crate::service::Service;
use crate::session::Session;

/// The stage of one test.
pub(crate) struct Stage {
    driver: u16,
    name: &'static str,
    // In this order they end: browsers, services, directory.
    pages: RefCell<Vec<Rc<Page>>>,
    services: RefCell<Vec<Rc<Service>>>,
    directory: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new(driver: u16, name: &'static str) -> anyhow::Result<Self> {
        Ok(Self {
            driver,
            name,
            pages: RefCell::default(),
            services: RefCell::default(),
            directory: tempfile::tempdir()?,
        })
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A clock for the services of this test.
    pub(crate) fn clock(&self) -> anyhow::Result<Clock> {
        Clock::new(self.directory())
    }

    /// The same, so many hours behind, for a service that shall have a past.
    pub(crate) fn clock_hours_ago(&self, hours: i64) -> anyhow::Result<Clock> {
        Clock::hours_ago(self.directory(), hours)
    }

    pub(crate) fn mock(
        &self,
        flags: &[&str],
        clock: Option<&Clock>,
    ) -> anyhow::Result<Rc<Service>> {
        Ok(self.own(Service::mock(self.directory(), flags, clock)?))
    }

    pub(crate) fn service(
        &self,
        configuration: &str,
        clock: Option<&Clock>,
    ) -> anyhow::Result<Rc<Service>> {
        Ok(self.own(Service::run(self.directory(), configuration, clock)?))
    }

    pub(crate) fn demo(
        &self,
        flags: &[&str],
        clock: Option<&Clock>,
    ) -> anyhow::Result<Rc<Service>> {
        Ok(self.own(Service::demo(self.directory(), flags, clock)?))
    }

    fn own(&self, service: Service) -> Rc<Service> {
        let service = Rc::new(service);
        self.services.borrow_mut().push(Rc::clone(&service));
        service
    }

    /// A browser of its own that looks at a service.
    pub(crate) fn page(&self, service: &Rc<Service>) -> anyhow::Result<Rc<Page>> {
        self.browser(service, true)
    }

    /// The same with script switched off.
    pub(crate) fn page_without_script(&self, service: &Rc<Service>) -> anyhow::Result<Rc<Page>> {
        self.browser(service, false)
    }

    fn browser(&self, service: &Rc<Service>, with_script: bool) -> anyhow::Result<Rc<Page>> {
        let profile = self.profile();
        let session = Session::open(self.driver, &profile, with_script)?;
        let page = Rc::new(Page::new(session, Rc::clone(service))?);
        self.pages.borrow_mut().push(Rc::clone(&page));
        Ok(page)
    }

    fn profile(&self) -> PathBuf {
        let count = self.pages.borrow().len();
        self.directory().join(format!("profile-{count}"))
    }

    /// Ends the test: what no page may do is looked for; of a failed one the evidence is kept, and the
    /// error says where.
    pub(crate) fn end(&self, result: anyhow::Result<()>, evidence: &Path) -> anyhow::Result<()> {
        let result = result.and_then(|()| {
            let pages = self.pages.borrow();
            pages.iter().try_for_each(|page| page.check_quiet())
        });
        result.map_err(|error| {
            let kept = match self.keep(evidence) {
                Ok(places) => places,
                Err(why) => format!("nothing could be kept: {why:#}"),
            };
            error.context(format!("see {kept}"))
        })
    }

    fn keep(&self, evidence: &Path) -> anyhow::Result<String> {
        std::fs::create_dir_all(evidence)?;
        let mut places = Vec::new();
        for (index, page) in self.pages.borrow().iter().enumerate() {
            let place = evidence.join(format!("{}-{index}", self.name));
            page.keep(&place)?;
            places.push(format!("{}.png and .html", place.display()));
        }
        for service in self.services.borrow().iter() {
            let place = evidence.join(format!("{}-{}.txt", self.name, service.port));
            std::fs::copy(service.log(), &place).context("keep the log")?;
            places.push(place.display().to_string());
        }
        Ok(places.join(", "))
    }
}
