//! The handler: which tools and resources there are, and the way to each. It keeps nothing between two requests.

use jct_tower::Tower;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, Implementation, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::call::Call;
use crate::caller::Caller;
use crate::misread;
use crate::resources;
use crate::tools::TOOLS;

const INSTRUCTIONS: &str = "A control tower for AI-assisted development. To work on a task: jct_list_tasks, jct_claim_task \
    (keep the fence), jct_heartbeat every few minutes, jct_report_artifact for what you made, jct_complete_task. To have \
    work done: jct_enqueue_task. Every result has `success`; if it is false, `error.code` says why.";

/// The tower as a server of the Model Context Protocol.
#[derive(Clone, Debug)]
pub struct McpServer {
    tower: Tower,
    version: &'static str,
}

impl McpServer {
    /// A server over a tower; `version` is that of the binary that serves it.
    #[must_use]
    pub const fn new(tower: Tower, version: &'static str) -> Self {
        Self { tower, version }
    }

    fn call(&self, context: &RequestContext<RoleServer>) -> Result<Call, ErrorData> {
        Ok(Call { tower: self.tower.clone(), caller: Caller::of(&context.extensions)? })
    }
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        let mut info = ServerConfig::default();
        info.capabilities = capabilities;
        info.server_info = Implementation::new("jct", self.version);
        info.instructions = Some(INSTRUCTIONS.to_owned());
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(TOOLS.iter().map(|entry| (entry.describe)()).collect()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        TOOLS.iter().find(|entry| entry.name == name).map(|entry| (entry.describe)())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(entry) = TOOLS.iter().find(|entry| entry.name == request.name) else {
            return Err(ErrorData::invalid_params("there is no tool of this name", None));
        };
        let call = self.call(&context)?;
        Ok((entry.call)(&call, request.arguments.unwrap_or_default()).await.into())
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        resources::list(&self.call(&context)?, request.and_then(|request| request.cursor)).await
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        resources::read(&self.call(&context)?, request.uri).await.map(Into::into)
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        Err(misread::refused(request))
    }
}
