//! English: the description of the API.

messages! {
    /// The description of the API.
    Reference, REFERENCE {
        title: "Management API",
        about: "Everything that scripts and clients can do in this organisation. What is described here is what is served: nothing else is, and nothing is taken without effect.",
        document: "OpenAPI document",
        areas: "Areas",
        begin: "The first call",
        begin_about: "Each call carries an API token, which acts with the roles of its owner; or the access token of an app that acts for itself, which needs the scope of the operation and a role of its own.",
        scope: "Scope",
        roles: "Roles",
        every_role: "every role",
        no_token: "No token is needed.",
        parameters: "Parameters",
        in_path: "in the path",
        in_query: "in the query",
        in_header: "in a header",
        required: "required",
        body: "Body",
        answers: "Answers",
        shapes: "Shapes",
        errors: "Errors",
        errors_about: "What the codes of errors mean. Each answer names its causes besides.",
        shapes_about: "What bodies and answers look like. Fields may be added to answers: leave aside those that you do not know.",
    }
}
