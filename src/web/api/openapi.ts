/** The OpenAPI document, made from the route table: there is no second place where a route is described. */
import { z } from 'zod';
import type { ApiRoute } from '../route-table.ts';

type Json = Readonly<Record<string, unknown>>;

const errorSchema: Json = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: { code: { type: 'string' }, message: { type: 'string' }, field: { type: 'string' } },
    },
  },
};

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

export function openApi<D>(routes: readonly ApiRoute<D>[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.0',
    info: { title: 'Kanal operator API', version },
    security: [{ bearer: [] }],
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      responses: { Error: { description: 'A refusal', content: { 'application/json': { schema: errorSchema } } } },
    },
    paths,
  };
}

function operation<D>(route: ApiRoute<D>): Json {
  return {
    summary: route.about,
    operationId: operationId(route),
    'x-roles': route.roles,
    'x-tenant': route.tenant,
    parameters: [...pathParameters(route), ...queryParameters(route)],
    ...(route.body && {
      requestBody: {
        required: !route.body.safeParse({}).success,
        content: { 'application/json': { schema: schemaOf(route.body, 'input') } },
      },
    }),
    ...(route.file && {
      requestBody: {
        required: true,
        content: {
          [route.file.type]: { schema: { type: 'string', format: 'binary', maxLength: route.file.maxBytes } },
        },
      },
    }),
    responses: {
      '200': { description: 'Done', content: { 'application/json': { schema: schemaOf(route.answers, 'output') } } },
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

/** `get-merchants-id`: stable as long as the path is. */
function operationId<D>({ method, path }: ApiRoute<D>): string {
  const words = path
    .replace('/admin/v1/', '')
    .replaceAll(/[{}]/g, '')
    .replaceAll(/[^a-z0-9]+/gi, '-');
  return `${method.toLowerCase()}-${words}`;
}

function pathParameters<D>({ path }: ApiRoute<D>): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters<D>({ query }: ApiRoute<D>): Json[] {
  if (!query) return [];
  const { properties, required } = z.toJSONSchema(query, { io: 'input' });
  return Object.entries(properties ?? {}).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required?.includes(name) ?? false,
    schema,
  }));
}
