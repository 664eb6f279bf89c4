using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Zurg.Protocol;

namespace Zurg.Master.Api;

/// <summary>
/// The OpenAPI document: generated from the endpoints, with what the generator cannot see (ids, counters, texts as bodies).
/// </summary>
internal static class OpenApi
{
    public const string Path = "/openapi/v1.json";

    private const string BearerScheme = "bearer";

    public static void AddZurgOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddSchemaTransformer(DescribeSchemaAsync);
        options.AddDocumentTransformer(DescribeDocumentAsync);
    });

    /// <summary>A body that the handler reads as a stream.</summary>
    public static RouteHandlerBuilder WithTextBody(this RouteHandlerBuilder route, string contentType, string description) =>
        route.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Description = description,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    [contentType] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } },
                },
            };
            return Task.CompletedTask;
        });

    /// <summary>The same endpoint answers with a stream too: one such object a line.</summary>
    public static RouteHandlerBuilder WithLines(this RouteHandlerBuilder route, string schema) =>
        route.AddOpenApiOperationTransformer((operation, context, _) =>
        {
            operation.Responses!["200"].Content![JsonLines.ContentType] =
                new OpenApiMediaType { Schema = new OpenApiSchemaReference(schema, context.Document) };
            return Task.CompletedTask;
        });

    private static Task DescribeSchemaAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken stop)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        var orNull = type == context.JsonTypeInfo.Type ? default : JsonSchemaType.Null;
        if (Is(type, typeof(IId<>)))
        {
            schema.Type = JsonSchemaType.String | orNull;
        }
        else if (Is(type, typeof(ICounter<>)))
        {
            schema.Type = JsonSchemaType.Integer | orNull;
            schema.Format = "int64";
        }
        else if (type.IsEnum)
        {
            schema.Type = JsonSchemaType.String | orNull;
            var names = Enum.GetNames(type).Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName);
            schema.Enum = [.. names.Select(name => (JsonNode)name)];
        }

        return Task.CompletedTask;
    }

    private static Task DescribeDocumentAsync(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken stop)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Zurg",
            Version = "v1",
            Description = "The master's API. JSON is snake_case; streams are one JSON object a line; "
                + "errors are application/problem+json with every problem found. "
                + "The token is the text of a file of mode 0600 beside the master's data.",
        };

        // The port is the kernel's choice: the document is the same everywhere.
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal)
        {
            [BearerScheme] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = BearerScheme },
        };
        var bearer = new OpenApiSecuritySchemeReference(BearerScheme, document);
        document.Security = [new OpenApiSecurityRequirement { [bearer] = [] }];
        return Task.CompletedTask;
    }

    private static bool Is(Type type, Type definition) =>
        type.IsValueType && type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == definition);
}
